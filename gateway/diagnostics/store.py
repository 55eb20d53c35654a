"""Look at the store for `gateway doctor`: is it a safe place, and laid out as the settings say?"""

from __future__ import annotations

import os
from pathlib import Path

from gateway.clock import utc_ms
from gateway.config.settings import Settings
from gateway.decisions.partition import HOME
from gateway.diagnostics.diagnosis import Diagnosis, Mark
from gateway.errors import StateUnavailable
from gateway.model.cells import CREDENTIALED
from gateway.model.changes import Query
from gateway.model.credentialed import load_credentialed
from gateway.model.durations import spoken
from gateway.model.store_clock import AGREE_MS, CLOCK_CELLS, load_store_clock
from gateway.model.store_memory import StoreMemory
from gateway.storage.connections import Client, connect
from gateway.storage.embedded_socket import socket_path
from gateway.storage.layout import Layout, contradiction, read_layout, stores_of
from gateway.storage.server_check import examine
from gateway.storage.server_memory import read_memory


async def examine_store(settings: Settings, partition_by: tuple[str, ...] | None) -> list[Diagnosis]:
    """Look at the store. `partition_by` is that of the rules, None where the rules cannot be read."""
    wanted = None if partition_by is None else Layout(settings.shards, partition_by)
    if settings.redis_url is None:
        return await _embedded(settings.data_dir.expanduser().absolute(), wanted)
    client = connect(settings.redis_url.get_secret_value(), copies=settings.redis_wait)
    try:
        examined = await examine(client)
        laid_out = [] if examined.unusable else await _laid_out(client, wanted)
        memory = _memory(await read_memory(client))
    except StateUnavailable as error:
        return [Diagnosis(Mark.BAD, "store", f"{error}; is GATEWAY_REDIS_URL right?")]
    finally:
        await client.aclose()
    return [
        *([Diagnosis(Mark.BAD, "store", examined.unusable)] if examined.unusable else []),
        *(Diagnosis(Mark.GOOD, "store", said) for said in examined.found),
        *(Diagnosis(Mark.WORRY, "store", said) for said in examined.problems),
        *memory,
        *laid_out,
    ]


async def _embedded(data_dir: Path, wanted: Layout | None) -> list[Diagnosis]:
    """Look at the layout of an embedded store while its gateway runs; at any other time nothing answers."""
    unusable = _why_unusable(data_dir)
    if unusable:
        remedy = "set GATEWAY_DATA_DIR to a folder of your own"
        return [Diagnosis(Mark.BAD, "store", f"{data_dir} cannot be used: {unusable}; {remedy}")]
    found = [Diagnosis(Mark.GOOD, "store", f"embedded, in {data_dir}")]
    socket = socket_path(data_dir)
    if not socket.exists():
        return found
    client = connect(f"unix://{socket}")
    try:
        return [*found, *_memory(await read_memory(client)), *await _laid_out(client, wanted)]
    except StateUnavailable:
        return found
    finally:
        await client.aclose()


async def remembered_kinds(settings: Settings) -> frozenset[str]:
    """Return the kinds of destinations that ever had a credential, as the store says;
    none where it is silent.

    An embedded store answers while its gateway runs.
    """
    socket = socket_path(settings.data_dir.expanduser().absolute())
    if settings.redis_url is None and not socket.exists():
        return frozenset()
    url = settings.redis_url.get_secret_value() if settings.redis_url is not None else f"unix://{socket}"
    client = connect(url)
    try:
        layout = await read_layout(client)
        if layout is None:
            return frozenset()
        home = stores_of(client, layout)[HOME]
        return load_credentialed((await home.gather(Query(cells=(CREDENTIALED,)))).rows[CREDENTIALED].value)
    except StateUnavailable:
        return frozenset()
    finally:
        await client.aclose()


def _why_unusable(data_dir: Path) -> str:
    """Say why `gateway serve` could not keep its data there, if whoever asks started
    it; empty where it could.
    """
    there = next(path for path in (data_dir, *data_dir.parents) if path.exists())
    if not there.is_dir():
        return f"{there} is a file" if there != data_dir else "it is a file"
    if not os.access(there, os.W_OK | os.X_OK):
        return (
            f"{there} may not be written to by this user" if there != data_dir else "it may not be written to"
        )
    return ""


def _memory(memory: StoreMemory | None) -> list[Diagnosis]:
    """Say how full the store is; nothing where its servers do not tell."""
    if memory is None:
        return []
    if memory.is_filling:
        remedy = "give it more memory, or find the source that sends so much (docs/own-alerts.md)"
        return [Diagnosis(Mark.WORRY, "store", f"uses {memory}: {remedy}")]
    unlimited = ", without a limit (maxmemory is 0): nobody is told before it is full"
    return [Diagnosis(Mark.GOOD, "store", f"uses {memory}{'' if memory.limit else unlimited}")]


async def _laid_out(client: Client, wanted: Layout | None) -> list[Diagnosis]:
    found = await read_layout(client)
    if found is None or wanted is None:
        return []
    problem = await contradiction(client, found, wanted)
    laid_out = [Diagnosis(Mark.BAD, "store", problem)] if problem else []
    return [*laid_out, *await _clock(client, found)]


async def _clock(client: Client, layout: Layout) -> list[Diagnosis]:
    """Compare the store's clock with this machine's; what the gateways think of it, the running one says."""
    gathered = await stores_of(client, layout)[HOME].gather(Query(cells=CLOCK_CELLS))
    apart = gathered.now - load_store_clock(gathered).offset - utc_ms()
    if abs(apart) <= AGREE_MS:
        return []
    way = "ahead of" if apart > 0 else "behind"
    said = f"its clock is {spoken(abs(apart))} {way} this machine's: set both by NTP"
    return [Diagnosis(Mark.WORRY, "store", said)]

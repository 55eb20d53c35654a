"""What `gateway doctor` finds out about the store: is it a safe place, and laid out as the settings say?"""

from __future__ import annotations

from pathlib import Path

from gateway.config.settings import Settings
from gateway.diagnostics.diagnosis import Diagnosis, Mark
from gateway.errors import StateUnavailable
from gateway.storage.connections import Client, connect
from gateway.storage.embedded_socket import socket_path
from gateway.storage.layout import Layout, contradiction, read_layout
from gateway.storage.server_check import examine


async def examine_store(settings: Settings, partition_by: tuple[str, ...] | None) -> list[Diagnosis]:
    """Look at the store. `partition_by` is that of the rules, None where the rules cannot be read."""
    wanted = None if partition_by is None else Layout(settings.shards, partition_by)
    if settings.redis_url is None:
        return await _embedded(settings.data_dir.expanduser().absolute(), wanted)
    client = connect(settings.redis_url.get_secret_value(), copies=settings.redis_wait)
    try:
        examined = await examine(client)
        laid_out = [] if examined.unusable else await _laid_out(client, wanted)
    except StateUnavailable as error:
        return [Diagnosis(Mark.BAD, "store", f"{error}; is GATEWAY_REDIS_URL right?")]
    finally:
        await client.aclose()
    return [
        *([Diagnosis(Mark.BAD, "store", examined.unusable)] if examined.unusable else []),
        *(Diagnosis(Mark.GOOD, "store", said) for said in examined.found),
        *(Diagnosis(Mark.WORRY, "store", said) for said in examined.problems),
        *laid_out,
    ]


async def _embedded(data_dir: Path, wanted: Layout | None) -> list[Diagnosis]:
    """Look at the layout of an embedded store while its gateway runs; at any other time nothing answers."""
    found = [Diagnosis(Mark.GOOD, "store", f"embedded, in {data_dir}")]
    socket = socket_path(data_dir)
    if not socket.exists():
        return found
    client = connect(f"unix://{socket}")
    try:
        return [*found, *await _laid_out(client, wanted)]
    except StateUnavailable:
        return found
    finally:
        await client.aclose()


async def _laid_out(client: Client, wanted: Layout | None) -> list[Diagnosis]:
    found = await read_layout(client)
    if found is None or wanted is None:
        return []
    problem = await contradiction(client, found, wanted)
    return [Diagnosis(Mark.BAD, "store", problem)] if problem else []

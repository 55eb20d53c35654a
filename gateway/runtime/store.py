"""Open the store that the settings name, embedded or not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import structlog

from gateway.config.settings import Settings
from gateway.errors import BadSettings, StateUnavailable, StateUnusable
from gateway.runtime.background import background, count_nowhere
from gateway.runtime.store_watch import StoreWatch
from gateway.storage.connections import Client, connect, place_of
from gateway.storage.embedded import EmbeddedStore, embedded_store
from gateway.storage.redis import RedisStore
from gateway.storage.server_check import ServerCheck, examine

log = structlog.get_logger("gateway.opening")

REACH_SECONDS = 3.0  # between two tries to reach the store at start


@asynccontextmanager
async def open_store(
    settings: Settings, count: Callable[[str, str], None] = count_nowhere, watch: StoreWatch | None = None
) -> AsyncIterator[Client]:
    """Yield a client of the store once it answers. Raises `BadSettings`.

    `count` hears of an embedded server's supervision that has ended, `watch` of every command.
    """
    watch = watch or StoreWatch()
    async with AsyncExitStack() as stack:
        url = settings.redis_url.get_secret_value() if settings.redis_url else ""
        if not url:
            embedded = await stack.enter_async_context(
                embedded_store(settings.data_dir, settings.store_memory)
            )
            log.info(
                "store_started", kind="embedded", data_dir=str(embedded.data_dir), adopted=embedded.adopted
            )
            background(stack, partial(_keep_alive, embedded), count)
            url = embedded.url
            watch.remedy = (
                f"the embedded store is started again by itself; is there room in {embedded.data_dir}?"
            )
        watch.place = place_of(url)
        client = connect(url, copies=settings.redis_wait, heard=watch.hear)
        stack.push_async_callback(client.aclose)
        examined = await _reach(client)
        if settings.redis_url:
            for problem in examined.problems:
                log.warning("store_problem", problem=problem)
            log.info("store_reached", found=examined.found, problems=len(examined.problems))
        yield client


async def _keep_alive(embedded: EmbeddedStore) -> None:
    """Start the embedded server again when it dies; webhooks are answered 503 meanwhile."""
    while True:
        await embedded.watch()
        log.error("store_died", data_dir=str(embedded.data_dir))
        await embedded.start()
        log.warning(
            "store_started", kind="embedded", data_dir=str(embedded.data_dir), adopted=embedded.adopted
        )


async def _reach(client: Client) -> ServerCheck:
    """Wait until the store answers: a gateway may be started before its store.

    Raises `BadSettings` where the store cannot be used at all. That it is away, the client's watch says.
    """
    while True:
        try:
            examined = await examine(client)
            if examined.unusable:
                raise BadSettings(f"GATEWAY_REDIS_URL: {examined.unusable}")
            await RedisStore(client).now()
        except StateUnusable as error:
            raise BadSettings(f"GATEWAY_REDIS_URL: {error}") from error
        except StateUnavailable:
            await asyncio.sleep(REACH_SECONDS)
        else:
            return examined

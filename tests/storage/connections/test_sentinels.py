"""The primary that Sentinels name: after a failover, with passwords, and where they know none."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.errors import StateUnavailable
from gateway.model.changes import Changes
from tests.support.connected import ALERT, ALERTS, ONE, connected, empty, read, taken
from tests.support.replicated import MASTER, SentinelGroup


async def test_after_a_failover_the_next_commit_goes_to_the_new_primary(group: SentinelGroup) -> None:
    async with connected(group.url, copies=1) as (client, store):
        await empty(client)
        await taken(store)
        former = group.primary
        group.sentinels[0].ask("SENTINEL", "FAILOVER", MASTER)
        await asyncio.to_thread(group.failed_over, former)
        await taken(store, Changes(put={ALERT: b"two"}))
        assert await read(store) == b"two"
        assert "two" in group.primary.ask("HGET", ALERTS, "a1")


async def test_passwords_of_servers_and_of_sentinels_are_given(tmp_path: Path) -> None:
    made = SentinelGroup(tmp_path, ("open", "sesame"))
    try:
        made.start()
        url = made.url.replace("://", "://:open@")
        async with connected(f"{url}?sentinel_password=sesame") as (_, store):
            await taken(store)
        for wrong in (f"{url}?sentinel_password=no", made.url + "?sentinel_password=sesame"):
            async with connected(wrong) as (_, store):
                with pytest.raises(StateUnavailable) as caught:
                    await store.commit(ONE)
            assert "open" not in str(caught.value)
            assert "127.0.0.1" not in str(caught.value)
    finally:
        made.kill()


async def test_sentinels_that_know_no_such_primary_make_the_store_unavailable(group: SentinelGroup) -> None:
    async with connected(group.url.replace(f"/{MASTER}", "/other")) as (_, store):
        with pytest.raises(StateUnavailable, match="no Sentinel names a primary"):
            await store.commit(ONE)

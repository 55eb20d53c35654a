"""The doctor compares the store's layout with the settings and the rules, before a gateway refuses to start."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.clock import utc_ms
from gateway.config.settings import Settings
from gateway.diagnostics.diagnosis import Diagnosis, Mark
from gateway.diagnostics.store import examine_store
from gateway.model.changes import Cell, Changes, Table
from gateway.model.durations import HOUR, SECOND
from gateway.storage.embedded import embedded_store
from gateway.storage.layout import open_shards
from tests.support.connected import patient
from tests.support.patience import PATIENCE
from tests.support.servers import redis_server


@pytest.fixture
def url() -> Iterator[str]:
    with redis_server("redis") as address:
        yield address


async def laid_out(url: str, shards: int, *partition_by: str, alert: bool = True) -> None:
    """Have a gateway lay the store out, and put an alert into it."""
    client = patient(url)
    opened = await open_shards(client, shards, partition_by)
    if alert:
        await opened.home.commit(Changes(put={Cell(Table.ALERTS, "a1"): b"\x00"}))
    await client.aclose()


def bad(found: list[Diagnosis]) -> list[str]:
    return [one.said for one in found if one.mark is Mark.BAD]


async def test_a_store_of_other_shards_is_found_with_what_to_do(url: str) -> None:
    await laid_out(url, 4)
    settings = Settings(GATEWAY_REDIS_URL=url)
    (said,) = bad(await examine_store(settings, ()))
    assert said == (
        "the store is laid out for 4 shards, partition_by [], and GATEWAY_SHARDS and the rules want 1 shard, "
        "partition_by []: stop all gateways and run `gateway migrate`, or take back what was changed"
    )


async def test_a_store_of_another_partition_is_found(url: str) -> None:
    await laid_out(url, 1, "tenant")
    (said,) = bad(await examine_store(Settings(GATEWAY_REDIS_URL=url), ("team",)))
    assert (
        "partition_by ['tenant'], and GATEWAY_SHARDS and the rules want 1 shard, partition_by ['team']"
        in said
    )


@pytest.mark.parametrize("partition_by", [("tenant",), None])
async def test_a_store_that_fits_or_rules_that_cannot_be_read_are_no_fault_of_the_layout(
    url: str, partition_by: tuple[str, ...] | None
) -> None:
    await laid_out(url, 2, "tenant")
    assert bad(await examine_store(Settings(GATEWAY_REDIS_URL=url, GATEWAY_SHARDS=2), partition_by)) == []


async def test_an_empty_store_may_be_laid_out_as_wanted(url: str) -> None:
    assert bad(await examine_store(Settings(GATEWAY_REDIS_URL=url), ())) == []
    await laid_out(url, 4, alert=False)
    assert bad(await examine_store(Settings(GATEWAY_REDIS_URL=url), ())) == []


async def test_an_embedded_store_is_looked_at_while_it_runs(tmp_path: Path) -> None:
    settings = Settings(GATEWAY_DATA_DIR=tmp_path, GATEWAY_SHARDS=3)
    async with embedded_store(tmp_path) as store:
        await laid_out(store.url, 1)
        (said,) = bad(await examine_store(settings, ()))
        assert "laid out for 1 shard" in said
    async with asyncio.timeout(PATIENCE):
        (found,) = await examine_store(settings, ())
    assert found == Diagnosis(Mark.GOOD, "store", f"embedded, in {tmp_path}")


async def test_a_clock_of_the_store_that_is_far_from_this_machine_s_is_said(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await laid_out(url, 1)
    monkeypatch.setattr("gateway.diagnostics.store.utc_ms", lambda: utc_ms() - 2 * HOUR - 90 * SECOND)
    found = await examine_store(Settings(GATEWAY_REDIS_URL=url), ())
    said = "its clock is 2h 1m ahead of this machine's: set both by NTP"
    assert Diagnosis(Mark.WORRY, "store", said) in found


async def test_a_store_that_fills_up_is_a_worry_with_what_to_do(url: str) -> None:
    client = patient(url)
    await client.ask("SET", "ballast", b"x" * (7 << 20))
    await client.ask_each("CONFIG SET", "maxmemory", str(9 << 20))
    await client.aclose()
    worries = [
        one.said for one in await examine_store(Settings(GATEWAY_REDIS_URL=url), ()) if one.mark is Mark.WORRY
    ]
    assert any(said.startswith("uses ") and "of 9 MiB" in said and "more memory" in said for said in worries)

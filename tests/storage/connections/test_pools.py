"""TLS with client certificates to each kind of server; what does not fit is refused, and said without the
address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from uvloop import new_event_loop

from gateway.errors import BadSettings, StateUnavailable
from gateway.model.changes import Cell, Changes, Query, Table
from gateway.storage.connections import connect
from gateway.storage.redis import RedisStore
from tests.support.certificates import certificates
from tests.support.connected import connected, read
from tests.support.patience import PATIENCE
from tests.support.replicated import Cluster, SentinelGroup, Server

ALERT = Cell(Table.ALERTS, "a1")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def server(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    one = Server(tmp_path_factory.mktemp("server"), tls=made)
    one.start()
    try:
        one.ready()
        yield one
    finally:
        one.kill()


def options(made: Path) -> str:
    return (
        f"ssl_ca_certs={made / 'ca.pem'}&ssl_certfile={made / 'client.pem'}&ssl_keyfile={made / 'client.key'}"
    )


async def write_and_read(url: str) -> bytes:
    client = connect(url)
    try:
        store = RedisStore(client)
        await store.commit(Changes(put={ALERT: b"one"}))
        return (await store.gather(Query(cells=[ALERT]))).rows[ALERT].value
    finally:
        await client.aclose()


async def test_a_server_that_demands_a_certificate_is_shown_one(server: Server, made: Path) -> None:
    assert await write_and_read(f"rediss://{server.place}/0?{options(made)}&ssl_min_version=1.3") == b"one"
    assert (
        await write_and_read(
            f"rediss://{server.place}?{options(made)}&ssl_cert_reqs=none&ssl_check_hostname=no"
        )
        == b"one"
    )


def test_a_script_goes_by_tls_in_the_loop_that_the_gateway_runs_in(server: Server, made: Path) -> None:
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        assert runner.run(write_and_read(f"rediss://{server.place}?{options(made)}")) == b"one"


@pytest.mark.parametrize("left_out", [("ssl_ca_certs",), ("ssl_certfile", "ssl_keyfile")])
async def test_without_the_authority_or_the_certificate_nothing_is_said(
    server: Server, made: Path, left_out: tuple[str, ...]
) -> None:
    kept = [option for option in options(made).split("&") if not option.startswith(left_out)]
    with pytest.raises(StateUnavailable) as caught:
        await write_and_read(f"rediss://:sesame@{server.place}?{'&'.join(kept)}")
    assert "sesame" not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)


async def test_a_server_under_another_name_than_its_certificates_is_refused(
    server: Server, made: Path
) -> None:
    with pytest.raises(StateUnavailable):
        await write_and_read(f"rediss://localhost:{server.port}?{options(made)}")
    assert (
        await write_and_read(f"rediss://localhost:{server.port}?{options(made)}&ssl_check_hostname=no")
        == b"one"
    )


async def test_whoever_asks_a_server_that_hangs_is_told_so_and_never_cancelled(
    made: Path, tmp_path: Path
) -> None:
    one = Server(tmp_path, tls=made)
    one.start()
    try:
        one.ready()
        async with connected(f"rediss://{one.place}?{options(made)}", patience=1.0) as (_, store):
            await four_connections(store)
            one.freeze()
            first = asyncio.create_task(read(store))
            # The idle connections take a while to close. The first one who closes them gives up sooner.
            await asyncio.sleep(0.3)
            second = asyncio.create_task(read(store))
            found = await asyncio.gather(first, second, return_exceptions=True)
            assert [type(answer) for answer in found] == [StateUnavailable, StateUnavailable]
    finally:
        one.kill()


async def four_connections(store: RedisStore) -> None:
    """Ask in parallel until there are as many; a busy machine may take longer to make one than is waited for."""
    async with asyncio.timeout(PATIENCE):
        while StateUnavailable in map(
            type, await asyncio.gather(*(read(store) for _ in range(4)), return_exceptions=True)
        ):
            pass


@pytest.mark.parametrize(
    "more",
    [
        "ssl_ca_certs=/none.pem",
        "ssl_certfile=/none.pem",
        "ssl_cert_reqs=some",
        "ssl_ciphers=none",
        "ssl_ca_certs=/dev/null",
    ],
)
def test_what_cannot_be_used_is_said_at_start(more: str) -> None:
    with pytest.raises(
        BadSettings, match="GATEWAY_REDIS_URL: TLS cannot be used as its options say"
    ) as caught:
        connect(f"rediss://:sesame@host?{more}")
    assert "sesame" not in str(caught.value)


async def test_sentinels_and_their_primary_are_reached_by_tls(made: Path, tmp_path: Path) -> None:
    group = SentinelGroup(tmp_path, tls=made)
    try:
        group.start()
        assert await write_and_read(f"{group.url}?{options(made)}".replace("redis+", "rediss+")) == b"one"
    finally:
        group.kill()


async def test_the_nodes_of_a_cluster_are_reached_by_tls(made: Path, tmp_path: Path) -> None:
    nodes = Cluster(tmp_path, tls=made, replicas=0)
    try:
        nodes.start()
        assert await write_and_read(f"{nodes.url}?{options(made)}".replace("redis+", "rediss+")) == b"one"
    finally:
        nodes.kill()

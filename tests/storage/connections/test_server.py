"""Scripts share one connection: nobody is given the answer of another, waits for a replica, or waits for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from gateway.errors import StateUnavailable, StateUnusable
from gateway.storage.connections import Client, Script, connect
from tests.support.connected import ALERTS, ONE, connected, read
from tests.support.held_server import HeldServer, held_server
from tests.support.patience import quickly
from tests.support.replicated import Server

ECHO = Script(b"return ARGV[1]")
PATIENCE = 2.0


@pytest.fixture
async def held(tmp_path: Path) -> AsyncIterator[HeldServer]:
    async with held_server(tmp_path) as made:
        yield made


@pytest.fixture
async def client(held: HeldServer) -> AsyncIterator[Client]:
    made = connect(held.url, patience=PATIENCE)
    yield made
    await made.aclose()


def echo(client: Client, word: str) -> asyncio.Task[bytes]:
    return asyncio.create_task(client.run(ECHO, [ALERTS], word))


@pytest.mark.parametrize("kind", ["valkey", "redis"])
async def test_a_thousand_callers_of_whom_half_give_up_have_each_their_own_answer(
    request: pytest.FixtureRequest, kind: str
) -> None:
    asked = connect(request.getfixturevalue(f"{kind}_url"))
    try:
        for _ in range(3):  # the first time the script is unknown
            tasks = [echo(asked, str(number)) for number in range(1_000)]
            await asyncio.sleep(0)
            for task in tasks[::2]:
                task.cancel()
            answers = await asyncio.gather(*tasks, return_exceptions=True)
            assert answers[1::2] == [b"%d" % number for number in range(1, 1_000, 2)]
    finally:
        await asked.aclose()


async def is_answered_over_another_connection(held: HeldServer, client: Client) -> None:
    again = echo(client, "b")
    (await held.has(2, asked=1)).echo(b"b")
    assert await again == b"b"


async def test_all_scripts_go_by_one_connection(server: Callable[..., Server]) -> None:
    one = server()
    async with connected(f"redis://{one.place}/3?client_name=ours") as (_, store):
        await asyncio.gather(*(store.commit(ONE) for _ in range(20)))
        ours = [line for line in one.ask("CLIENT", "LIST").split("\n") if "name=ours" in line]
        assert len(ours) == 1
        assert " db=3 " in ours[0]


async def test_a_commit_that_waits_for_replicas_holds_up_nobody_else(server: Callable[..., Server]) -> None:
    one = server()
    async with connected(f"redis://{one.place}", copies=1) as (_, store):
        waiting = asyncio.create_task(store.commit(ONE))
        async with quickly(20):
            while await read(store) != b"one":
                pass
        assert not waiting.done()
        with pytest.raises(StateUnavailable, match="0 of 1 replicas have it"):
            await waiting


async def test_all_who_wait_for_a_server_that_hangs_are_told_and_the_next_one_connects_anew(
    held: HeldServer, client: Client
) -> None:
    waiting = [echo(client, word) for word in ("a", "b", "c")]
    first = await held.has(1, asked=3)
    for heard in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(heard, StateUnavailable)
        assert str(heard) == "the store did not answer: no answer in time"
    again = echo(client, "d")
    second = await held.has(2, asked=1)
    second.echo(b"d")
    assert await again == b"d"
    assert first.asked == [b"a", b"b", b"c"], "nothing was sent again"


async def test_the_late_answer_to_whoever_gave_up_is_given_to_nobody_else(
    held: HeldServer, client: Client
) -> None:
    gave_up = echo(client, "a")
    connection = await held.has(1, asked=1)
    gave_up.cancel()
    second = echo(client, "b")
    await held.has(1, asked=2)
    connection.echo(b"a", b"b")
    assert await second == b"b"
    assert len(held.connections) == 1


async def test_a_server_that_hangs_while_it_is_connected_to_is_waited_for_once_by_all(
    held: HeldServer, client: Client
) -> None:
    held.let_in.clear()
    waiting = [echo(client, "a") for _ in range(50)]
    await held.has(1)
    waiting[0].cancel()  # the one that began to connect
    heard = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(heard[0], asyncio.CancelledError)
    assert {str(error) for error in heard[1:]} == {"the store did not answer: no answer in time"}
    assert len(held.connections) == 1
    held.let_in.set()
    await is_answered_over_another_connection(held, client)


async def test_a_server_that_closes_the_connection_is_connected_to_again(
    held: HeldServer, client: Client
) -> None:
    waiting = echo(client, "a")
    (await held.has(1, asked=1)).close()
    with pytest.raises(StateUnavailable, match="ConnectionError"):
        await waiting
    await is_answered_over_another_connection(held, client)


async def test_a_demoted_server_still_answers_those_who_had_asked_and_is_left(
    held: HeldServer, client: Client
) -> None:
    refused, before = echo(client, "a"), echo(client, "b")
    connection = await held.has(1, asked=2)
    connection.answer(b"-READONLY You can't write against a read only replica.\r\n")
    with pytest.raises(StateUnavailable, match="ReadOnlyError"):
        await refused
    after = echo(client, "c")
    (await held.has(2, asked=1)).echo(b"c")
    assert await after == b"c"
    connection.echo(b"b")
    assert await before == b"b"


async def test_what_is_no_server_of_redis_is_unusable(held: HeldServer, client: Client) -> None:
    waiting = echo(client, "a")
    (await held.has(1, asked=1)).answer(b"HTTP/1.1 400 Bad Request\r\n")
    with pytest.raises(StateUnusable, match="is the port right"):
        await waiting


async def test_a_server_that_was_left_while_it_was_connected_to_is_not_asked(
    held: HeldServer, client: Client
) -> None:
    held.let_in.clear()
    waiting = echo(client, "a")
    first = await held.has(1)
    ((_, server),) = await client._servers.primaries()
    await server.leave()
    held.let_in.set()
    second = await held.has(2, asked=1)
    second.echo(b"a")
    assert await waiting == b"a"
    assert not first.asked


async def test_who_waits_for_a_connection_when_the_client_is_closed_is_told_so_and_not_cancelled(
    held: HeldServer,
) -> None:
    held.let_in.clear()
    client = connect(held.url)
    waiting = echo(client, "a")
    await held.has(1)
    await client.aclose()
    with pytest.raises(StateUnavailable):
        await waiting

"""Strangers hold few connections and keep nobody out; whoever has shown a token is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.inbound import connections
from gateway.inbound import server as serving
from gateway.inbound import strangers as registry
from gateway.inbound.asgi import AsgiApp
from gateway.inbound.connections import MAX_CONNECTIONS, Config, connections_allowed, newcomers_allowed
from gateway.inbound.strangers import MAX_NEWCOMERS, MAX_OF_ONE_ADDRESS, MAX_STRANGERS, Strangers
from tests.inbound.test_server import QUICKLY, Listening, Wire, listening, webhook
from tests.support.patience import quickly
from tests.support.webhook_endpoint import Taker, door

TOKEN = "s3cret-token"


@dataclass(eq=False)
class Made:
    """A connection of the registry that knows whether it was hung up on."""

    address: str = "10.0.0.1"
    gone: list[Made] = field(default_factory=list)

    def hang_up(self) -> None:
        self.gone.append(self)


def just_come(
    strangers: Strangers, count: int, address: Callable[[int], str] = lambda _: "10.0.0.1"
) -> list[Made]:
    made = [Made(address(number)) for number in range(count)]
    for connection in made:
        strangers.come(connection)
    return made


def come(
    strangers: Strangers, count: int, address: Callable[[int], str] = lambda _: "10.0.0.1"
) -> list[Made]:
    """Let connections come that ask nothing while they are new."""
    made = just_come(strangers, count, address)
    for connection in made:
        strangers.stay(connection)
    return made


def test_who_comes_with_a_burst_and_asks_something_is_not_pushed_out_by_it() -> None:
    strangers = Strangers()
    asking, *burst = just_come(strangers, MAX_NEWCOMERS)
    assert not any(connection.gone for connection in (asking, *burst))
    strangers.ask(asking)
    for connection in burst:
        strangers.stay(connection)
    assert not asking.gone
    assert sum(not connection.gone for connection in burst) == MAX_OF_ONE_ADDRESS - 1


def test_a_burst_takes_no_more_connections_than_there_are_descriptors_for() -> None:
    strangers = Strangers(newcomers=10)
    made = just_come(strangers, MAX_OF_ONE_ADDRESS + 13)
    assert len(strangers) == MAX_OF_ONE_ADDRESS + 10
    assert [connection for connection in made if connection.gone] == made[:3]


def test_the_stranger_that_has_idled_longest_gives_its_place_to_a_new_one() -> None:
    strangers = Strangers()
    made = come(strangers, MAX_STRANGERS + 3, lambda number: f"10.0.{number // 100}.1")
    assert len(strangers) == MAX_STRANGERS
    assert [one for one in made if one.gone] == made[:3]


def test_one_address_takes_half_of_the_places_and_hangs_up_on_no_other() -> None:
    strangers = Strangers()
    others = come(strangers, 10, lambda number: f"10.1.0.{number}")
    flood = come(strangers, 2_000)
    assert not any(one.gone for one in others)
    assert sum(not one.gone for one in flood) == MAX_OF_ONE_ADDRESS


def test_a_request_that_is_worked_on_is_not_cut_off() -> None:
    strangers = Strangers()
    asking = come(strangers, 1)[0]
    strangers.ask(asking)
    come(strangers, 1_000)
    assert not asking.gone
    strangers.idle(asking)
    come(strangers, MAX_OF_ONE_ADDRESS)
    assert asking.gone


@given(
    st.lists(
        st.tuples(st.sampled_from(["come", "stay", "ask", "idle", "leave"]), st.integers(0, 400)),
        max_size=900,
    )
)
def test_no_more_idle_strangers_are_kept_than_there_are_places(steps: list[tuple[str, int]]) -> None:
    strangers, made = Strangers(), list[Made]()
    for step, value in steps:
        if step == "come":
            made += just_come(strangers, 1 + value % 7, lambda _, value=value: f"10.0.0.{value % 5}")  # type: ignore[misc]
        elif made:
            getattr(strangers, step)(made[value % len(made)])
        assert all((one in strangers) is False for one in made if one.gone)
    assert len(strangers) - len(strangers._new) <= MAX_STRANGERS or not strangers._idle


@pytest.mark.parametrize(
    ("descriptors", "allowed"),
    [(1_024, 512), (20_000, MAX_CONNECTIONS), (-1, MAX_CONNECTIONS), (300, 1)],
)
def test_the_store_and_the_vendors_keep_descriptors_that_connections_cannot_take(
    descriptors: int, allowed: int
) -> None:
    assert connections_allowed(descriptors) == allowed


@pytest.mark.parametrize(
    ("descriptors", "allowed"), [(1_024, 0), (3_000, 488), (20_000, MAX_NEWCOMERS), (-1, MAX_NEWCOMERS)]
)
def test_newcomers_have_the_descriptors_that_nobody_else_may_take(descriptors: int, allowed: int) -> None:
    assert newcomers_allowed(descriptors) == allowed


# On the wire


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "STOP_SIGNALS", ())
    monkeypatch.setattr(connections, "STRANGER_SECONDS", 0.3)


@pytest.fixture
async def guarded() -> AsyncIterator[Listening]:
    """A gateway that asks for a token."""
    async with listening(door(Taker(), [TOKEN])) as there:
        yield there


def sent(token: str = TOKEN) -> bytes:
    return webhook(authorization=f"Bearer {token}")


def strangers_of(there: Listening) -> Strangers:
    return cast("Config", there.server.config).strangers


async def closed(wire: Wire) -> bool:
    return await wire.rest() == b""


async def until(true: Callable[[], bool]) -> None:
    async with quickly(QUICKLY):
        while not true():
            await asyncio.sleep(0.01)


async def test_a_stranger_is_answered_and_then_cut_off_when_it_idles(guarded: Listening) -> None:
    wire = await guarded.connect()
    await wire.say(sent("wrong"))
    assert await wire.status() == 401
    assert await closed(wire)


async def test_a_connection_on_which_nothing_is_asked_is_cut_off(guarded: Listening) -> None:
    assert await closed(await guarded.connect())


async def test_whoever_has_shown_a_token_is_kept_and_no_longer_counted(guarded: Listening) -> None:
    wire = await guarded.connect()
    await wire.say(sent())
    assert await wire.status() == 200
    assert len(strangers_of(guarded)) == 0
    await asyncio.sleep(0.5)
    await wire.say(sent())
    assert await wire.status() == 200


async def test_a_flood_of_idle_strangers_keeps_nobody_out_and_cuts_off_nobody_who_is_known(
    guarded: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "STRANGER_SECONDS", 30)
    known = await guarded.connect()
    await known.say(sent())
    assert await known.status() == 200
    flood = [await guarded.connect() for _ in range(600)]
    await until(lambda: len(strangers_of(guarded)) == MAX_OF_ONE_ADDRESS)
    newcomer = await guarded.connect()
    for wire in (newcomer, known):
        await wire.say(sent())
        assert await wire.status() == 200
    for one in flood:
        one.writer.close()


async def test_without_any_token_everybody_is_a_stranger() -> None:
    async with listening(door(Taker())) as there:
        wire = await there.connect()
        await wire.say(webhook())
        assert await wire.status() == 200
        assert len(strangers_of(there)) == 1
        assert await closed(wire)
        assert len(strangers_of(there)) == 0


async def test_who_connects_just_before_a_burst_is_answered_after_it(
    guarded: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "STRANGER_SECONDS", 30)
    monkeypatch.setattr(connections, "NEWCOMER_SECONDS", 3)
    early = await guarded.connect()
    flood = [await guarded.connect() for _ in range(MAX_OF_ONE_ADDRESS + 50)]
    await early.say(sent())
    assert await early.status() == 200
    for stranger in flood:
        stranger.writer.close()


async def test_strangers_take_no_place_of_those_who_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 2)
    async with listening(door(Taker(), [TOKEN])) as there:
        flood = [await there.connect() for _ in range(20)]
        known = await there.connect()
        await known.say(sent())
        assert await known.status() == 200
        for stranger in flood:
            stranger.writer.close()


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"\r\n", id="empty lines"),
        pytest.param(b"x", id="the rest of a refused body, byte by byte"),
    ],
)
async def test_what_begins_no_request_keeps_no_connection_open(guarded: Listening, said: bytes) -> None:
    wire = await guarded.connect()
    length = 0 if said.isspace() else 100
    await wire.say(f"GET /nowhere HTTP/1.1\r\nHost: g\r\nContent-Length: {length}\r\n\r\n".encode())
    assert await wire.status() == 404
    gone = asyncio.create_task(wire.rest())
    async with quickly(QUICKLY):
        while not gone.done():
            wire.writer.write(said)
            await asyncio.sleep(0.02)


# Answers that nobody reads

LARGE = b"x" * (16 << 20)  # more than the kernel keeps for a connection


async def large(_request: Request) -> Response:
    return Response(LARGE)


async def length(request: Request) -> Response:
    return Response(str(len(await request.body())))


@pytest.fixture
async def talkative() -> AsyncIterator[Listening]:
    """A gateway that gives a large answer to everybody, and reads a body for as long as it takes."""
    routes = [Route("/large", large), Route("/length", length, methods=["POST"])]
    async with listening(AsgiApp(door(Taker(), [TOKEN]), routes, lambda *_: None, lambda *_: None)) as there:
        yield there


async def ask_and_not_read(there: Listening, *, times: int) -> Wire:
    wire = await there.connect()
    wire.reader._transport.pause_reading()  # type: ignore[attr-defined]
    await wire.say(b"GET /large HTTP/1.1\r\nHost: g\r\n\r\n" * times)
    return wire


@pytest.mark.parametrize("times", [1, 3])
async def test_a_connection_on_which_an_answer_is_not_read_is_broken_off(
    talkative: Listening, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    monkeypatch.setattr(connections, "DAWDLER_SECONDS", 0.2)
    wire = await ask_and_not_read(talkative, times=times)
    await until(lambda: len(talkative.server.server_state.connections) == 1)
    await until(lambda: not talkative.server.server_state.connections)
    await until(lambda: not talkative.server.server_state.tasks)
    wire.writer.close()


@pytest.mark.parametrize("times", [1, 3])
async def test_who_does_not_read_an_answer_gives_the_place_to_others(
    talkative: Listening, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    monkeypatch.setattr(registry, "MAX_OF_ONE_ADDRESS", 2)
    wire = await ask_and_not_read(talkative, times=times)
    await until(lambda: len(talkative.server.server_state.connections) == 1)
    silent = next(iter(talkative.server.server_state.connections))
    await asyncio.sleep(0.5)
    monkeypatch.setattr(connections, "STRANGER_SECONDS", 30)
    others = [await talkative.connect() for _ in range(2)]
    await until(lambda: silent not in talkative.server.server_state.connections)
    for other in (wire, *others):
        other.writer.close()


DRIBBLED = b"POST /length HTTP/1.1\r\nHost: g\r\nContent-Length: 4\r\n\r\nab"


async def test_a_connection_on_which_a_body_does_not_arrive_is_broken_off(
    talkative: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "DAWDLER_SECONDS", 0.2)
    wire = await talkative.connect()
    await wire.say(DRIBBLED)
    assert await closed(wire)


async def test_who_does_not_send_a_body_gives_the_place_to_others(
    talkative: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "MAX_OF_ONE_ADDRESS", 2)
    wire = await talkative.connect()
    await wire.say(DRIBBLED)
    await asyncio.sleep(0.5)
    monkeypatch.setattr(connections, "STRANGER_SECONDS", 30)
    others = [await talkative.connect() for _ in range(2)]
    assert await closed(wire)
    for other in others:
        other.writer.close()


async def test_a_slow_body_is_read_to_its_end(talkative: Listening) -> None:
    wire = await talkative.connect()
    await wire.say(DRIBBLED)
    await asyncio.sleep(0.5)
    await wire.say(b"cd")
    assert await wire.status() == 200


async def test_a_slow_reader_gets_the_whole_of_an_answer(talkative: Listening) -> None:
    wire = await ask_and_not_read(talkative, times=1)
    await asyncio.sleep(1)
    wire.reader._transport.resume_reading()  # type: ignore[attr-defined]
    assert (await wire.rest()).endswith(LARGE)

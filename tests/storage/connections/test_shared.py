"""On a connection that all share every question has its own answer or an error, whoever gives up and whatever is late."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import pytest
from hiredis import Reader
from hypothesis import given
from hypothesis import strategies as st
from redis.exceptions import ConnectionError as BrokenConnection
from redis.exceptions import InvalidResponse, ResponseError
from redis.exceptions import TimeoutError as NoAnswer

from gateway.storage.connections.shared import SharedConnection

PATIENCE = 3.0  # of the loop's own time


class Loop(asyncio.SelectorEventLoop):
    """A loop whose time passes when the test says so."""

    now = 0.0

    def time(self) -> float:
        return self.now


class Peer(asyncio.Transport):
    """A server at the other end. Its answers come as many bytes at a time as the test lets through."""

    def __init__(self) -> None:
        super().__init__()
        self._commands = Reader()
        self._protocol: asyncio.Protocol
        self.on_the_way = b""
        self.closed = False

    # what redis-py has opened
    def hand_over(self, protocol: asyncio.Protocol) -> asyncio.WriteTransport:
        self._protocol = protocol
        return self

    def let_go(self) -> None:
        pass

    def error_of(self, reply: str) -> Exception:
        return ResponseError(reply)

    # the transport
    def write(self, data: object) -> None:
        assert isinstance(data, bytes)
        self._commands.feed(data)
        while command := self._commands.gets():
            # every third question is answered by an error
            number = int(command[1])
            self.on_the_way += b"-ERR %d\r\n" % number if number % 3 == 0 else b":%d\r\n" % number

    def abort(self) -> None:
        if not self.closed:
            self.closed = True
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)

    # what the test does
    def let_through(self, count: int) -> None:
        coming, self.on_the_way = self.on_the_way[:count], self.on_the_way[count:]
        if coming and not self.closed:
            self._protocol.data_received(coming)

    def lose(self) -> None:
        self.abort()


class Callers:
    """Those who ask: each has a number, and asks for the answer to it."""

    def __init__(self, shared: SharedConnection) -> None:
        self._shared = shared
        self.waiting: dict[int, tuple[asyncio.Task[object], float]] = {}
        self.heard: dict[int, object] = {}
        self._loop = asyncio.get_running_loop()

    async def ask(self) -> None:
        number = len(self.waiting) + 1
        self.waiting[number] = (asyncio.create_task(self._ask(number)), self._loop.time())
        await asyncio.sleep(0)

    async def _ask(self, number: int) -> None:
        try:
            self.heard[number] = await self._shared.ask(("ECHO", number))
        except (ResponseError, NoAnswer, BrokenConnection, InvalidResponse) as error:
            self.heard[number] = error

    def give_up(self, place: int) -> None:
        if self.waiting:
            list(self.waiting.values())[place % len(self.waiting)][0].cancel()

    def check(self) -> None:
        for number, (task, since) in self.waiting.items():
            if task.cancelled():
                continue
            if not task.done():
                assert self._loop.time() < since + PATIENCE, "nobody waits longer than that"
                continue
            match self.heard[number]:
                case NoAnswer():
                    assert not self._shared.open
                    assert self._somebody_has_waited_too_long()
                case BrokenConnection():
                    assert not self._shared.open
                case ResponseError() as error:
                    assert str(error) == f"ERR {number}"
                    assert number % 3 == 0
                case answer:
                    assert answer == number

    def _somebody_has_waited_too_long(self) -> bool:
        unanswered = [
            since
            for number, (task, since) in self.waiting.items()
            if task.cancelled() or isinstance(self.heard[number], NoAnswer)
        ]
        return min(unanswered) + PATIENCE <= self._loop.time()


@contextmanager
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner(loop_factory=Loop) as runner:
        yield runner


STEPS = st.lists(
    st.one_of(
        st.just(("ask", 0)),
        st.just(("ask", 0)),
        st.tuples(st.just("give up"), st.integers(0, 20)),
        st.tuples(st.just("answer"), st.integers(1, 40)),
        st.tuples(st.just("wait"), st.integers(0, 2)),
        st.just(("retire", 0)),
        st.just(("lose", 0)),
    ),
    max_size=40,
)


async def rounds(count: int = 4) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def do(steps: list[tuple[str, int]]) -> None:
    now, peer = asyncio.get_running_loop(), Peer()
    assert isinstance(now, Loop)
    shared = SharedConnection(peer, PATIENCE)  # type: ignore[arg-type]
    callers = Callers(shared)
    for step, amount in steps:
        match step:
            case "ask":
                await callers.ask()
            case "give up":
                callers.give_up(amount)
            case "answer":
                peer.let_through(amount)
            case "wait":
                now.now += amount
            case "retire":
                shared.retire()
            case "lose":
                peer.lose()
        await rounds()
        callers.check()
    peer.let_through(len(peer.on_the_way))
    await rounds()
    callers.check()
    assert all(task.done() for task, _ in callers.waiting.values()), "each has heard in the end"
    if not shared.open:
        assert peer.closed, "whatever takes no more questions is closed once those asked are answered"
    await shared.aclose()


@given(STEPS)
def test_each_hears_the_answer_to_its_own_question_or_an_error(steps: list[tuple[str, int]]) -> None:
    with loop() as runner:
        runner.run(do(steps))


def passed(seconds: float) -> None:
    now = asyncio.get_running_loop()
    assert isinstance(now, Loop)
    now.now += seconds


def in_virtual_time(case: Callable[[Peer, SharedConnection], Awaitable[None]]) -> None:
    async def run() -> None:
        peer = Peer()
        shared = SharedConnection(peer, PATIENCE)  # type: ignore[arg-type]
        await case(peer, shared)
        await shared.aclose()

    with loop() as runner:
        runner.run(run())


def test_an_answer_that_comes_too_late_is_given_to_nobody() -> None:
    async def late(peer: Peer, shared: SharedConnection) -> None:
        gave_up, second = shared.ask(("ECHO", 1)), shared.ask(("ECHO", 2))
        gave_up.cancel()
        passed(PATIENCE)
        await rounds()
        assert isinstance(second.exception(), NoAnswer)
        assert peer.closed

    in_virtual_time(late)


def test_who_asks_later_has_its_whole_time_after_those_before_are_answered() -> None:
    async def later(peer: Peer, shared: SharedConnection) -> None:
        first = shared.ask(("ECHO", 1))
        passed(PATIENCE - 1)
        second = shared.ask(("ECHO", 2))
        peer.let_through(len(b":1\r\n"))
        passed(PATIENCE - 1)  # longer than the first one had left
        await rounds()
        peer.let_through(len(b":2\r\n"))
        assert (await first, await second) == (1, 2)
        third = shared.ask(("ECHO", 4))
        passed(PATIENCE)
        await rounds()
        assert isinstance(third.exception(), NoAnswer)

    in_virtual_time(later)


def test_a_connection_that_is_left_answers_all_who_had_asked_and_closes_then() -> None:
    async def left(peer: Peer, shared: SharedConnection) -> None:
        first, second = shared.ask(("ECHO", 1)), shared.ask(("ECHO", 2))
        shared.retire()
        with pytest.raises(BrokenConnection):
            shared.ask(("ECHO", 4))
        for answer in (first, second):
            assert not peer.closed
            peer.let_through(len(b":1\r\n"))
            await answer
        assert peer.closed

    in_virtual_time(left)


def test_an_answer_that_nobody_asked_for_closes_the_connection() -> None:
    async def unasked(peer: Peer, shared: SharedConnection) -> None:
        peer.on_the_way = b":1\r\n"
        peer.let_through(4)
        assert not shared.open

    in_virtual_time(unasked)

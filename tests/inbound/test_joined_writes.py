"""What is written in one turn of the event loop goes out together, and nothing of it stays behind."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from gateway.inbound.joined_writes import JoinedWrites


class Wire:
    """A transport that keeps each write."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.closed = self.aborted = False

    def write(self, data: bytes) -> None:
        self.writes.append(data)

    def is_closing(self) -> bool:
        return self.closed or self.aborted

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted = True

    def get_write_buffer_size(self) -> int:
        return sum(map(len, self.writes))

    def get_extra_info(self, name: str) -> str:
        return f"the {name}"


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
async def joined(wire: Wire) -> JoinedWrites:
    return JoinedWrites(cast("Any", wire), asyncio.get_running_loop())


async def test_the_head_and_the_body_of_an_answer_are_one_write(wire: Wire, joined: JoinedWrites) -> None:
    joined.write(b"head ")
    joined.write(b"body")
    await asyncio.sleep(0)
    assert wire.writes == [b"head body"]


async def test_a_head_whose_body_takes_its_time_does_not_wait_for_it(
    wire: Wire, joined: JoinedWrites
) -> None:
    joined.write(b"head ")
    await asyncio.sleep(0)
    assert wire.writes == [b"head "]
    joined.write(b"body")
    await asyncio.sleep(0)
    assert wire.writes == [b"head ", b"body"]


async def test_a_long_answer_keeps_its_order_and_is_not_gathered_in_memory(
    wire: Wire, joined: JoinedWrites
) -> None:
    for number in range(5):
        joined.write(b"%d" % number)
    assert wire.writes == [b"01", b"23"]
    await asyncio.sleep(0)
    assert b"".join(wire.writes) == b"01234"


async def test_a_connection_that_is_closed_sends_what_it_still_has(wire: Wire, joined: JoinedWrites) -> None:
    joined.write(b"head")
    joined.close()
    assert (wire.writes, wire.closed) == ([b"head"], True)


async def test_a_connection_that_is_cut_off_sends_nothing_more(wire: Wire, joined: JoinedWrites) -> None:
    joined.write(b"head")
    joined.abort()
    await asyncio.sleep(0)
    assert (wire.writes, wire.aborted) == ([], True)


async def test_what_is_held_counts_as_not_read(wire: Wire, joined: JoinedWrites) -> None:
    joined.write(b"head")
    assert joined.get_write_buffer_size() == 4


async def test_all_else_is_said_by_the_transport_itself(joined: JoinedWrites) -> None:
    assert joined.get_extra_info("peername") == "the peername"

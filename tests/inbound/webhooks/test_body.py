"""Bodies under caps: whatever becomes of a body, its bytes are given back."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from gateway.inbound.webhooks.body import BodyBudget, Caps, Unread


class Sender:
    """Sends its parts, then says nothing more or hangs up."""

    def __init__(self, *parts: bytes, more: bool = False, hangs_up: bool = False) -> None:
        self._parts = list(parts)
        self._more = more
        self._hangs_up = hangs_up

    async def __call__(self) -> MutableMapping[str, Any]:
        if self._parts:
            part = self._parts.pop(0)
            return {
                "type": "http.request",
                "body": part,
                "more_body": bool(self._parts) or self._more or self._hangs_up,
            }
        if self._hangs_up:
            return {"type": "http.disconnect"}
        return await asyncio.Future()


def scope(length: str = "") -> dict[str, Any]:
    return {"headers": [(b"content-length", length.encode())] if length else []}


async def test_a_body_in_parts_is_joined_and_counted_until_it_lands() -> None:
    flight = BodyBudget(Caps())
    assert await flight.read("eu", scope(), Sender(b"ab", b"", b"cd")) == b"abcd"
    assert flight.bytes == 4
    flight.land("eu", 4)
    assert flight.bytes == 0


@pytest.mark.parametrize(
    ("length", "sender", "why"),
    [
        pytest.param("11", Sender(), Unread.TOO_LARGE, id="a length over the cap is refused unread"),
        pytest.param("", Sender(b"x" * 6, b"x" * 6), Unread.TOO_LARGE, id="so is a body without a length"),
        pytest.param("2", Sender(b"x" * 12), Unread.TOO_LARGE, id="so is one longer than it said"),
        pytest.param("", Sender(b"x", more=True), Unread.TOO_SLOW, id="a sender that falls silent"),
        pytest.param("2", Sender(), Unread.TOO_SLOW, id="a sender that never begins"),
        pytest.param("", Sender(b"x", hangs_up=True), Unread.GONE, id="a sender that hangs up"),
    ],
)
async def test_a_body_that_is_not_read_holds_nothing(length: str, sender: Sender, why: Unread) -> None:
    flight = BodyBudget(Caps(body=10, read_time=0.02))
    assert await flight.read("eu", scope(length), sender) is why
    assert flight.bytes == 0


async def test_senders_share_what_may_be_in_flight() -> None:
    flight = BodyBudget(Caps(in_flight=10))
    assert await flight.read("eu", scope(), Sender(b"x" * 6)) == b"x" * 6
    assert await flight.read("us", scope("5"), Sender(b"x" * 5)) is Unread.TOO_MANY
    assert await flight.read("us", scope(), Sender(b"x" * 5)) is Unread.TOO_MANY
    assert flight.bytes == 6


async def test_a_source_with_much_in_flight_leaves_room_for_a_body_of_another() -> None:
    flight = BodyBudget(Caps(body=4, in_flight=12))
    for _ in range(2):
        assert await flight.read("us", scope("4"), Sender(b"x" * 4)) == b"x" * 4
    assert await flight.read("us", scope("1"), Sender(b"x")) is Unread.TOO_MANY
    assert await flight.read("eu", scope("4"), Sender(b"x" * 4)) == b"x" * 4
    flight.land("us", 4)
    assert await flight.read("eu", scope("1"), Sender(b"x")) is Unread.TOO_MANY, (
        "the room is for one that has none"
    )
    flight.land("eu", 4)
    assert await flight.read("us", scope("4"), Sender(b"x" * 4)) == b"x" * 4


async def test_a_reader_that_is_cancelled_holds_nothing() -> None:
    flight = BodyBudget(Caps())
    reading = asyncio.create_task(flight.read("eu", scope(), Sender(b"x", more=True)))
    while flight.bytes == 0:
        await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert flight.bytes == 0

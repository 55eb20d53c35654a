"""A store that is away is said at once, then once a minute, whoever meets it, and when it is back."""

from __future__ import annotations

from typing import Any

from structlog.testing import capture_logs

from gateway.runtime.store_watch import StoreWatch


class Watched:
    """A watch whose time is given, and what it said so far."""

    def __init__(self) -> None:
        self.now = 0.0
        self.watch = StoreWatch(lambda: self.now)
        self.watch.place = "redis.internal:6379"

    def hear(self, *reasons: str, seconds: float = 0.0) -> list[dict[str, Any]]:
        with capture_logs() as said:
            for reason in reasons:
                self.watch.hear(reason)
                self.now += seconds
        return [dict(line) for line in said]


def test_it_is_said_at_once_with_place_and_reason() -> None:
    (line,) = Watched().hear("connection refused")
    assert (line["event"], line["store"], line["error"], line["log_level"]) == (
        "waiting_for_store",
        "redis.internal:6379",
        "connection refused",
        "warning",
    )


def test_a_thousand_workers_that_meet_it_say_it_once_a_minute() -> None:
    watched = Watched()
    lines = watched.hear(*["connection refused"] * 1_200, seconds=0.1)  # over two minutes
    assert [line["event"] for line in lines] == ["waiting_for_store"] * 2
    assert watched.watch.reason == "connection refused"


def test_its_return_is_said_once() -> None:
    watched = Watched()
    watched.hear("no answer in time")
    lines = watched.hear("", "", "")
    assert [line["event"] for line in lines] == ["store_back"]
    assert watched.watch.reason == ""


def test_a_store_that_answers_every_other_time_fills_no_log() -> None:
    lines = Watched().hear(*["no answer in time", ""] * 100, seconds=0.1)  # 20 seconds
    assert [line["event"] for line in lines] == ["waiting_for_store", "store_back"]


def test_a_store_that_answers_says_nothing() -> None:
    assert Watched().hear("", "", "") == []

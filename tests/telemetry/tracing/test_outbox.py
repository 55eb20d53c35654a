"""What waits for a receiver of OTLP is bounded, and what is lost is counted and said."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from gateway.telemetry.tracing.outbox import SAY_EVERY_SECONDS, Outbox


class TestTheOutbox:
    def outbox(self, room: int = 2) -> tuple[Outbox[str], list[str], list[tuple[str, str, int]]]:
        put: list[str] = []
        counted: list[tuple[str, str, int]] = []
        outbox = Outbox("traces", "http://there", room, put.append, lambda *count: counted.append(count))
        return outbox, put, counted

    def test_drops_what_finds_no_room(self) -> None:
        outbox, put, counted = self.outbox()

        for record in "abc":
            outbox.add(record)

        assert put == ["a", "b"]
        assert counted == [("traces", "dropped", 1)]

    def test_counts_the_records_of_an_entry(self) -> None:
        outbox, put, counted = self.outbox(room=3)
        outbox.add("abc", 3)

        outbox.add("de", 2)

        assert (put, counted) == (["abc"], [("traces", "dropped", 2)])

    def test_has_room_again_once_some_are_sent(self) -> None:
        outbox, put, counted = self.outbox()
        outbox.add("a")
        outbox.add("b")
        outbox.settled(2, sent=True)
        outbox.add("c")

        assert put == ["a", "b", "c"]
        assert counted == [("traces", "sent", 2)]

    def test_says_what_is_lost_once_a_minute(self, monkeypatch: pytest.MonkeyPatch) -> None:
        now = 0.0
        monkeypatch.setattr("gateway.telemetry.tracing.outbox.elapsed_seconds", lambda: now)
        outbox, _, _ = self.outbox(room=0)

        with capture_logs() as said:
            for _ in range(5):
                outbox.add("a")
            now += SAY_EVERY_SECONDS
            outbox.settled(3, sent=False)

        assert [(line["event"], line["lost"], line["because"]) for line in said] == [
            ("telemetry_lost", 1, "dropped"),
            ("telemetry_lost", 7, "failed"),
        ]

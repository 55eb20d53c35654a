"""What waits to be sent to a receiver of OTLP: bounded, counted, and never waited for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import structlog

from gateway.clock import elapsed_seconds

log = structlog.get_logger("gateway.tracing")

SAY_EVERY_SECONDS = 60.0

Entry = TypeVar("Entry")
Count = Callable[[str, str, int], None]
"""Is called with the signal, what became of its records (`sent`, `failed`, `dropped`), and how many."""


class Outbox(Generic[Entry]):
    """Counts the records of one signal on their way.

    `put` hands some to the SDK's queue. Where `room` of them wait already they are dropped, since a receiver
    that is away must cost neither memory nor time. The SDK's thread says by `settled` what became of
    them.
    """

    def __init__(
        self, signal: str, endpoint: str, room: int, put: Callable[[Entry], None], count: Count
    ) -> None:
        self._signal = signal
        self._endpoint = endpoint
        self._room = room
        self._put = put
        self._count = count
        self._given = self._taken = self._lost = 0
        self._said_at: float | None = None

    def add(self, entry: Entry, records: int = 1) -> None:
        """Hand over an entry of the queue, which has so many records."""
        if self._given - self._taken >= self._room:
            self._lose("dropped", records)
            return
        self._given += records
        self._put(entry)

    def settled(self, records: int, *, sent: bool) -> None:
        """Note that so many have left the queue."""
        self._taken += records
        if sent:
            self._count(self._signal, "sent", records)
        else:
            self._lose("failed", records)

    def _lose(self, outcome: str, records: int) -> None:
        self._count(self._signal, outcome, records)
        self._lost += records
        now = elapsed_seconds()
        if self._said_at is None or now - self._said_at >= SAY_EVERY_SECONDS:
            self._said_at = now
            lost, self._lost = self._lost, 0
            log.warning(
                "telemetry_lost",
                signal=self._signal,
                lost=lost,
                because=outcome,
                endpoint=self._endpoint,
                remedy="is a receiver of OTLP there, and does it speak OTEL_EXPORTER_OTLP_PROTOCOL?",
            )

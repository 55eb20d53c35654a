"""What is known of an incident that paged. It is kept for those that are open when their day is compacted."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from gateway.model.statistics.events import EndKind


class Order(NamedTuple):
    """The place of an event in the order of all events."""

    at: int
    id: str


class ClosedState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    order: Order
    said_at: int


class EndState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    order: Order
    started_at: int
    ended_at: int | None
    how: EndKind
    last_seen_at: int


class IncidentState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Times in ms. `started_at` is the earliest first firing that its pages name, `acknowledged_at` when a
    person first acknowledged or closed it; the rest is the newest of its kind.
    """

    started_at: int | None = None
    acknowledged_at: int | None = None
    closed: ClosedState | None = None
    reopened: Order | None = None
    end: EndState | None = None

"""A page of ours, and what its vendor shows of it."""

from __future__ import annotations

import msgspec

from gateway.model.ledger import Endpoint, LastNotified, Ledger, MessageRef, NotifiedState
from gateway.model.vendor_view import SeenIncident, WatchedPage

NOW = 1_800_000_000_000
PAGE = WatchedPage("abc.1", "abc", 1, "pager", "TEAM", "abc|pager|1|1|5", NOW)


def seen(status: str, by: str = "", at: int = NOW + 5_000, **more: str) -> SeenIncident:
    return SeenIncident(
        more.get("id", "Q1"), more.get("key", "abc.1"), status, at, by, (more.get("service", "TEAM"),)
    )


def ledger(state: NotifiedState = NotifiedState.FIRING, **more: object) -> Ledger:
    whole = Ledger(
        "abc",
        "pager",
        "pager",
        Endpoint("pagerduty", "TEAM", "KEY", "mark"),
        LastNotified(state),
        generation=2,
        notified_at=NOW,
        message_ref=MessageRef("abc.2"),
        paged_at=NOW - 5,
        life=1,
    )
    return msgspec.structs.replace(whole, **more)

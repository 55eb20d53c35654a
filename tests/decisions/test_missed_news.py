"""What PagerDuty shows of our pages, and what of it is news that no webhook has brought."""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.missed_news import (
    after_round,
    missed_news,
    wait_after,
)
from gateway.decisions.watched_pages import pages_to_ask_for
from gateway.model.durations import MINUTE
from gateway.model.incident import Acknowledgement, Closure, Incident
from gateway.model.severity import Severity
from gateway.model.vendor_view import KnownStatus, ReaderState, SeenIncident
from tests.support.paged import NOW, PAGE, seen

OPEN = Incident("abc", NOW, "built-in", (), (), revision=3, firing=1, last_new_at=NOW, last_change_at=NOW)


def taken(by: str = "ann", at: int = NOW, heard_from: str = "") -> Incident:
    return msgspec.structs.replace(OPEN, acknowledged=Acknowledgement(by, at, Severity.CRITICAL, heard_from))


def closed(heard_at: int | None = None) -> Incident:
    heard = {} if heard_at is None else {"abc.1": heard_at}
    closure = Closure("bob", NOW, NOW + MINUTE, Severity.CRITICAL)
    return msgspec.structs.replace(OPEN, closed=closure, heard_at=heard)


def known(status: str, at: int = NOW) -> KnownStatus:
    return KnownStatus(status, at, NOW)


@pytest.mark.parametrize(
    ("shown", "before", "incident", "news"),
    [
        pytest.param(seen("acknowledged", "bob"), None, OPEN, ("acknowledged",), id="a person took it"),
        pytest.param(seen("acknowledged"), None, OPEN, (), id="our own word, or a rule's"),
        pytest.param(seen("acknowledged", "bob"), None, taken("bob"), (), id="who has it is known"),
        pytest.param(
            seen("acknowledged", "bob"), None, taken("ann", NOW + 9_000), (), id="somebody took it here since"
        ),
        pytest.param(seen("acknowledged", "bob"), None, taken("ann"), ("acknowledged",), id="taken over there"),
        pytest.param(
            seen("acknowledged", "bob", NOW), known("acknowledged"), OPEN, (), id="seen and handled before"
        ),
        pytest.param(seen("acknowledged", "bob"), None, closed(), (), id="what is closed here is not taken"),
        pytest.param(seen("resolved", "bob"), None, OPEN, ("resolved",), id="a person resolved it"),
        pytest.param(seen("resolved"), None, OPEN, (), id="resolved by an integration, or by itself"),
        pytest.param(seen("resolved", "bob"), None, closed(), (), id="closed already"),
        pytest.param(seen("triggered"), None, OPEN, (), id="nothing happened"),
        pytest.param(seen("triggered"), None, taken(), (), id="our acknowledgement may be on its way"),
        pytest.param(
            seen("triggered"), known("acknowledged"), taken(), ("unacknowledged",), id="the time-out of ours"
        ),
        pytest.param(
            seen("triggered", "bob"), None, taken("bob", NOW, "pager"), ("unacknowledged",), id="given back there"
        ),
        pytest.param(seen("triggered", "eve"), None, closed(), (), id="our resolve may be on its way"),
        pytest.param(
            seen("triggered", "eve"), known("resolved"), closed(), ("reopened",), id="opened again there"
        ),
        pytest.param(
            seen("triggered", "eve"), None, closed(NOW), ("reopened",), id="opened again between two rounds"
        ),
        pytest.param(
            seen("triggered", "eve", NOW), None, closed(NOW + 300), (), id="of before the resolve that was heard"
        ),
        pytest.param(
            seen("acknowledged", "eve"),
            known("resolved"),
            closed(),
            ("reopened", "acknowledged"),
            id="opened again, and taken",
        ),
    ],
)  # fmt: skip
def test_news(
    shown: SeenIncident, before: KnownStatus | None, incident: Incident, news: tuple[str, ...]
) -> None:
    assert missed_news(shown, before, incident, PAGE) == news


def test_a_silences_acknowledgement_that_runs_out_is_said_only_after_it_was_seen() -> None:
    covered = msgspec.structs.replace(PAGE, covered_by="silence s1")
    assert missed_news(seen("triggered"), None, OPEN, covered) == ()
    assert missed_news(seen("triggered"), known("acknowledged"), OPEN, covered) == ("unacknowledged",)


def test_what_was_listed_again_is_asked_for_as_soon_as_it_is_listed_no_more() -> None:
    state = after_round(ReaderState(), [], ["abc.1"], NOW + 1)
    assert pages_to_ask_for([PAGE], [], state, NOW + MINUTE) == []
    state = after_round(state, [seen("triggered")], [], NOW + MINUTE)
    assert state.statuses == {"Q1": KnownStatus("triggered", NOW + 5_000, NOW + MINUTE)}
    assert pages_to_ask_for([PAGE], [], state, NOW + 2 * MINUTE) == ["abc.1"]


def test_after_a_refusal_nobody_asks_for_longer_each_time_up_to_five_minutes() -> None:
    assert [wait_after(failures, 0) // MINUTE for failures in range(5)] == [1, 2, 4, 5, 5]
    assert wait_after(1, 3 * MINUTE) == 3 * MINUTE
    assert wait_after(1, 60 * MINUTE) == 5 * MINUTE

"""What PagerDuty shows of our pages, and what of it is news that no webhook has brought."""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.missed_news import (
    after_round,
    end_again_at,
    is_end_lost,
    missed_news,
    wait_after,
    with_end_again,
)
from gateway.decisions.watched_pages import pages_to_ask_for, watched_page
from gateway.model.durations import MINUTE
from gateway.model.incident import Acknowledgement, Closure, Incident
from gateway.model.ledger import NotifiedState
from gateway.model.severity import Severity
from gateway.model.vendor_view import KnownStatus, ReaderState, SeenIncident, SeenWindow
from tests.support.paged import NOW, PAGE, ledger, seen

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


@pytest.mark.parametrize(
    ("shown", "page", "after", "lost"),
    [
        pytest.param(seen("triggered", at=NOW - 9_000), {}, 2 * MINUTE, True, id="open there since before"),
        pytest.param(seen("acknowledged", "bob", NOW - 9_000), {}, 2 * MINUTE, True, id="taken before its end"),
        pytest.param(seen("triggered", at=NOW - 9_000), {}, 2 * MINUTE - 1, False, id="it may show yet"),
        pytest.param(seen("resolved"), {}, 2 * MINUTE, False, id="ended there"),
        pytest.param(seen("triggered", "eve"), {}, 2 * MINUTE, False, id="opened again by a person since"),
        pytest.param(seen("triggered", at=NOW - 9_000), {"over": False}, 2 * MINUTE, False, id="it fires"),
        pytest.param(
            seen("triggered", at=NOW - 9_000), {"repeat_at": NOW + 3 * MINUTE}, 2 * MINUTE, False, id="it is sent again"
        ),
    ],
)  # fmt: skip
def test_an_end_is_lost_where_the_vendor_has_taken_it_and_shows_the_page_as_open(
    shown: SeenIncident, page: dict[str, object], after: int, lost: bool
) -> None:
    ended = msgspec.structs.replace(PAGE, **{"over": True, **page})
    assert is_end_lost(shown, ended, NOW + after) is lost


def test_an_end_is_sent_again_at_once_or_after_the_window_of_its_service() -> None:
    windows = [SeenWindow(("PX", "OTHER"), NOW + 9_000_000), SeenWindow(("PY", "TEAM"), NOW + 60_000)]
    assert end_again_at(seen("triggered"), windows, NOW) == NOW + 65_000
    assert end_again_at(seen("triggered"), windows[:1], NOW) == NOW
    ended = ledger(NotifiedState.ENDED)
    page = watched_page(ended, "pagerduty", NOW)
    assert page is not None
    again = with_end_again(ended, page, NOW + 5)
    assert again is not None
    assert again.repeat_at == NOW + 5
    assert with_end_again(ledger(NotifiedState.ENDED, notified_at=NOW + 1), page, NOW + 5) is None
    assert with_end_again(ledger(), page, NOW + 5) is None


def test_after_a_refusal_nobody_asks_for_longer_each_time_up_to_five_minutes() -> None:
    assert [wait_after(failures, 0) // MINUTE for failures in range(5)] == [1, 2, 4, 5, 5]
    assert wait_after(1, 3 * MINUTE) == 3 * MINUTE
    assert wait_after(1, 60 * MINUTE) == 5 * MINUTE

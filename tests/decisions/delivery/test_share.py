"""Which share of the work a delivery belongs to, and how urgent it is."""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.delivery.share import share_of, urgency_of
from gateway.model.agenda import Share
from gateway.model.alert import Alert
from gateway.model.durations import HOUR, MINUTE
from gateway.model.ledger import Ledger
from gateway.model.severity import Severity
from tests.decisions.cases import alert, closed, route, seen_by, told
from tests.support.build import rulebook


def own(one: Alert) -> Alert:
    return msgspec.structs.replace(one, spoken_by="gateway/0123456789abcdef")


def share(*alerts: Alert, at: int = 0, ledger: Ledger | None = None, **more: object) -> Share:
    view = seen_by("chat", *alerts, at=at, ledgers=(ledger,) if ledger else (), **more)
    return share_of(view, view.ledger)


def test_a_first_firing_has_no_share_of_its_own() -> None:
    assert share(alert()) is Share.OTHERS


def test_an_edit_of_what_goes_on_has_none_either() -> None:
    assert share(alert(), alert("Second"), ledger=told("chat", alert(), at=MINUTE)) is Share.OTHERS


def test_an_end_of_what_people_were_told_of_is_an_end() -> None:
    ended = alert(ended=2 * MINUTE)
    assert share(ended, at=HOUR, ledger=told("chat", alert(), at=MINUTE)) is Share.ENDS


def test_what_nobody_was_told_of_has_no_end_to_tell() -> None:
    assert share(alert(ended=2 * MINUTE), at=HOUR) is Share.OTHERS


def test_what_may_fire_again_is_no_end_yet() -> None:
    rules, ended = rulebook(route(resolve_after=HOUR)), alert(ended=2 * MINUTE)
    quiet = told("chat", alert(), at=MINUTE, rules=rules)
    assert share(ended, at=3 * MINUTE, ledger=quiet, rules=rules) is Share.OTHERS


def test_a_closing_by_hand_is_an_end_for_whoever_follows_it() -> None:
    at = 2 * MINUTE
    told_firing = told("chat", alert(), at=MINUTE)
    assert share(alert(), at=at, ledger=told_firing, closed=closed(at=at)) is Share.ENDS


def test_an_alert_of_the_gateways_own_is_one_its_end_too() -> None:
    assert share(own(alert())) is Share.OWN_ALERTS
    ended = own(alert(ended=2 * MINUTE))
    assert share(ended, at=HOUR, ledger=told("chat", own(alert()), at=MINUTE)) is Share.OWN_ALERTS


def test_an_own_alert_among_others_makes_none_of_them_one() -> None:
    assert share(own(alert()), alert("Second")) is Share.OTHERS


@pytest.mark.parametrize(
    ("failing_since", "fell_back_at", "order"),
    [
        pytest.param(None, None, 0, id="what nobody was told of"),
        pytest.param(MINUTE, None, 0, id="what was tried in vain and nobody was told of"),
        pytest.param(MINUTE, 2 * MINUTE, 1, id="what was tried in vain until its fallback took over"),
        pytest.param(None, 2 * MINUTE, 0, id="what was told there since"),
    ],
)
def test_how_urgent_a_critical_alert_is(
    failing_since: int | None, fell_back_at: int | None, order: int
) -> None:
    ledger = Ledger("i1", "chat", "chat", failing_since=failing_since, fell_back_at=fell_back_at)
    assert urgency_of(Severity.CRITICAL, ledger) == order

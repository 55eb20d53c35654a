"""Which share of the work a delivery belongs to, and how urgent it is."""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.delivery.next_step import LEASE
from gateway.decisions.delivery.share import next_at, share_of, urgency_of, urgency_of_next
from gateway.model.agenda import BEHIND_NEWS, Share
from gateway.model.alert import Alert
from gateway.model.durations import HOUR, MINUTE
from gateway.model.ledger import Intent, LastNotified, Ledger, Note, NotifiedState, Part
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


FIRING = LastNotified(NotifiedState.FIRING, Severity.WARNING, {"a/1": True})
JOINED = msgspec.structs.replace(FIRING, members={"a/1": True, "b/1": True})
LINKED = msgspec.structs.replace(FIRING, message_link="https://chat.example/1")
ROSE = msgspec.structs.replace(FIRING, severity=Severity.CRITICAL)
ENDED = msgspec.structs.replace(FIRING, state=NotifiedState.ENDED, members={"a/1": False})


def of(last_notified: LastNotified, **more: object) -> Ledger:
    return Ledger("i1", "pager", "pager", last_notified=last_notified, **more)  # type: ignore[arg-type]


def is_behind_news(ledger: Ledger, desired: LastNotified) -> bool:
    return urgency_of_next(Severity.WARNING, ledger, desired) >= BEHIND_NEWS


@pytest.mark.parametrize(
    ("told_before", "desired", "behind"),
    [
        pytest.param(LastNotified(), FIRING, False, id="a first firing"),
        pytest.param(FIRING, ROSE, False, id="a rise"),
        pytest.param(FIRING, msgspec.structs.replace(FIRING, paged=True), False, id="a page"),
        pytest.param(FIRING, ENDED, False, id="an end"),
        pytest.param(ENDED, FIRING, False, id="a firing after its end"),
        pytest.param(
            FIRING, msgspec.structs.replace(FIRING, acknowledged_by="ann"), False, id="an acknowledgement"
        ),
        pytest.param(FIRING, JOINED, True, id="an alert that joined"),
        pytest.param(FIRING, LINKED, True, id="the link to a message"),
        pytest.param(FIRING, FIRING, True, id="a look, or a reply"),
    ],
)
def test_what_interrupts_nobody_is_less_urgent_than_all_that_must_be_heard(
    told_before: LastNotified, desired: LastNotified, behind: bool
) -> None:
    assert is_behind_news(of(told_before), desired) is behind


@pytest.mark.parametrize("loud", [{"mention": True}, {"broadcast": True}])
def test_a_reply_that_calls_people_must_be_heard(loud: dict[str, bool]) -> None:
    assert not is_behind_news(of(FIRING, pending_notes=(Note("it still fires", **loud),)), FIRING)
    assert is_behind_news(of(FIRING, pending_notes=(Note("one joined"),)), FIRING)


def test_the_most_severe_comes_first_among_what_interrupts_nobody() -> None:
    found = [urgency_of_next(severity, of(FIRING), JOINED) for severity in Severity]
    assert found == sorted(found, reverse=True)
    assert (min(found), max(found)) == (BEHIND_NEWS, 9)


def under_way(told_before: LastNotified, sent: LastNotified) -> Ledger:
    intent = Intent("a1", MINUTE, Part.MESSAGE, 1, 1, sent, creates_message=False)
    return of(told_before, intent=intent)


def test_what_is_under_way_and_not_answered_is_as_urgent_as_what_it_tells() -> None:
    assert not is_behind_news(under_way(LastNotified(), FIRING), LINKED)
    assert not is_behind_news(under_way(FIRING, ROSE), ROSE)
    assert is_behind_news(under_way(FIRING, JOINED), LINKED)


def test_an_update_of_what_is_told_at_this_moment_waits_for_the_answer() -> None:
    now = MINUTE + 300
    assert next_at(under_way(LastNotified(), FIRING), LINKED, now) == MINUTE + LEASE
    assert next_at(under_way(LastNotified(), FIRING), LINKED, MINUTE + 2 * LEASE) == MINUTE + 2 * LEASE


@pytest.mark.parametrize(
    ("ledger", "desired"),
    [
        pytest.param(of(FIRING), LINKED, id="nothing is under way"),
        pytest.param(under_way(LastNotified(), FIRING), ROSE, id="it has got worse meanwhile"),
        pytest.param(under_way(LastNotified(), FIRING), ENDED, id="it is over meanwhile"),
        pytest.param(under_way(FIRING, JOINED), LINKED, id="what is under way is an update, too"),
    ],
)
def test_everything_else_that_is_due_waits_for_no_answer(ledger: Ledger, desired: LastNotified) -> None:
    assert next_at(ledger, desired, MINUTE + 300) == MINUTE + 300

"""Records are shown with the words and times of the API."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.inbound.api.presenters import show_alert, show_incident, show_target, state_of
from gateway.model.alert import Alert, Copy
from gateway.model.durations import HOUR
from gateway.model.incident import Acknowledgement, Closure, EarlierLives, Incident, UnheardAlert
from gateway.model.instants import instant_or_none
from gateway.model.ledger import Ledger
from gateway.model.rules.rulebook import LabelRules
from gateway.model.severity import Severity

NOW = 1_800_000_000_000
OPEN = Incident(
    "i1", NOW, "service (rules.yaml:7)", (), (), revision=1, firing=1, last_new_at=NOW, last_change_at=NOW
)
TAKEN = Acknowledgement("ann", NOW, Severity.CRITICAL)
CLOSED = Closure("bob", NOW, NOW + HOUR, Severity.CRITICAL, "known")


def alert(name: str, severity: Severity, *, firing: bool = True) -> Alert:
    return Alert(
        id=name.lower(),
        labels={"alertname": name},
        annotations={},
        severity=severity,
        copies={"default/f1": Copy(firing, NOW)},
        episode=1,
        firing=firing,
        started_at=NOW,
        ended_at=None if firing else NOW + HOUR,
        held_until=None,
        incident="i1",
        last_seen=NOW,
        spoken_by="default/f1",
        source_url="",
    )


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({}, "open"),
        ({"acknowledged": TAKEN}, "acknowledged"),
        ({"firing": 0, "acknowledged": TAKEN}, "quiet"),
        ({"closed": CLOSED, "acknowledged": TAKEN}, "closed_by_hand"),
        ({"resolved_at": NOW, "closed": CLOSED}, "resolved"),
    ],
)
def test_an_incident_is_in_one_state_and_the_later_one_counts(change: dict[str, Any], state: str) -> None:
    assert state_of(msgspec.structs.replace(OPEN, **change)) == state


def test_an_incident_is_as_severe_as_what_fires_of_it() -> None:
    alerts = [alert("Slow", Severity.WARNING), alert("Down", Severity.CRITICAL, firing=False)]
    assert show_incident(OPEN, alerts, LabelRules()).severity == "warning"


def test_an_incident_of_which_nothing_fires_any_more_is_as_severe_as_it_was() -> None:
    assert (
        show_incident(OPEN, [alert("Down", Severity.CRITICAL, firing=False)], LabelRules()).severity
        == "critical"
    )


def test_who_closed_an_incident_and_until_when_is_shown() -> None:
    shown = show_incident(
        msgspec.structs.replace(OPEN, closed=CLOSED), [alert("Down", Severity.CRITICAL)], LabelRules()
    )
    assert shown.closed is not None
    assert (shown.closed.by, shown.closed.note, shown.closed.until) == (
        "bob",
        "known",
        instant_or_none(NOW + HOUR),
    )
    assert shown.acknowledged is None


def test_what_nobody_could_be_told_of_is_shown_with_why() -> None:
    unheard = (UnheardAlert("Down", "dead_letter", "chat: token_revoked", 2, ("chat",), urgent=True),)
    incident = msgspec.structs.replace(OPEN, unheard_since=NOW, unheard=unheard)
    shown = show_incident(incident, [alert("Down", Severity.CRITICAL)], LabelRules())
    assert shown.unheard_since == instant_or_none(NOW)
    (one,) = shown.unheard
    assert one.model_dump() == {
        "alert": "Down",
        "count": 2,
        "reason": "dead_letter",
        "because": "chat: token_revoked",
    }


def test_an_alert_is_shown_with_what_each_source_says_of_it() -> None:
    shown = show_alert(alert("Down", Severity.CRITICAL))
    assert (shown.name, shown.severity, shown.copies, shown.ended_at) == (
        "Down",
        "critical",
        {"default/f1": True},
        None,
    )


def test_a_target_that_was_told_nothing_has_no_remote_and_no_error() -> None:
    shown = show_target(Ledger("i1", "chat", "chat"))
    assert (shown.told, shown.remote, shown.error, shown.dead_letter, shown.told_at) == (
        "none",
        None,
        None,
        None,
        None,
    )


def test_lives_that_are_no_longer_listed_are_counted_by_alert() -> None:
    incident = msgspec.structs.replace(OPEN, earlier_lives={"a1": EarlierLives(2801, NOW, 90_500)})
    (lives,) = show_incident(incident, [alert("Down", Severity.CRITICAL)], LabelRules()).earlier_lives
    assert (lives.alert, lives.count, lives.first_started_at) == ("a1", 2801, instant_or_none(NOW))
    assert lives.fired_seconds == 90

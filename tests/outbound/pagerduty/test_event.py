"""Events as PagerDuty takes them: keys, words, and what fits."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from gateway.model.ledger import NotifiedState
from gateway.model.notification import Notification, Quieted
from gateway.model.severity import Severity
from gateway.outbound.pagerduty.event import MAX_BODY, action, dedup_key, render, size
from gateway.sandbox.pagerduty.events import check_event
from tests.outbound.notifications import NOW, line, notification, notifications


def test_the_key_is_of_incident_and_generation() -> None:
    assert dedup_key(notification(incident="abc", generation=3)) == "abc.3"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (NotifiedState.FIRING, "trigger"),
        (NotifiedState.ENDED, "resolve"),
        (NotifiedState.CLOSED, "resolve"),
        (NotifiedState.MOVED, "resolve"),
    ],
)
def test_only_what_fires_is_triggered(state: NotifiedState, expected: str) -> None:
    assert action(notification(state=state)) == expected


def test_a_page_says_what_the_facts_of_it_and_where() -> None:
    alert = line(summary="Errors.", description="9 % fail", thing="shop/pay-1")
    payload = render(notification(title="HighErrorRate · shop/pay-1", lines=(alert,)))["payload"]
    assert payload["summary"] == "HighErrorRate · shop/pay-1 — 9 % fail — cluster=eu-1, service=pay"
    assert (payload["source"], payload["component"], payload["group"]) == ("shop/pay-1", "pay", "eu-1")
    assert (payload["class"], payload["timestamp"]) == ("HighErrorRate", "2027-01-15T07:59:00+00:00")


def test_an_alert_that_names_no_thing_comes_from_alertmanager() -> None:
    payload = render(notification(where={}, lines=(line(thing=""),)))["payload"]
    assert payload["source"] == "alertmanager"
    assert "component" not in payload


def test_every_annotation_reaches_the_details() -> None:
    annotations = {"summary": "9 % fail", "description": "cart fails", "owner": "db team"}
    alert = line(description="cart fails", annotations=annotations, sent_severity="severity=fatal")
    (member,) = render(notification(lines=(alert,)))["payload"]["custom_details"]["alerts"]
    assert (member["description"], member["annotations"]) == ("cart fails", {"owner": "db team"})
    assert member["sent_as"] == "severity=fatal"


@pytest.mark.parametrize(
    ("severity", "word"),
    [
        (Severity.NONE, "info"),
        (Severity.INFO, "info"),
        (Severity.WARNING, "warning"),
        (Severity.ERROR, "error"),
        (Severity.CRITICAL, "critical"),
    ],
)
def test_severities_are_pagerdutys_own(severity: Severity, word: str) -> None:
    assert render(notification(severity=severity))["payload"]["severity"] == word


def test_links_are_the_first_of_each_kind() -> None:
    lines = (
        line(runbook="file:///x"),
        line(runbook="https://r.example/1"),
        line(runbook="https://r.example/2", source="http://p/g"),
    )
    event = render(notification(lines=lines, link="https://gw.example/i/1"))
    assert [(one["text"], one["href"]) for one in event["links"]] == [
        ("Runbook", "https://r.example/1"), ("Source", "http://p/g"), ("Incident", "https://gw.example/i/1"),
    ]  # fmt: skip
    assert event["client_url"] == "https://gw.example/i/1"


def test_members_that_do_not_fit_are_counted() -> None:
    details = render(notification(lines=(line(),) * 60, firing=60))["payload"]["custom_details"]
    assert (len(details["alerts"]), details["more_alerts"]) == (50, 10)


@pytest.mark.parametrize("letter", ["x", "é", "火", "🔥", "\u0000"])
def test_an_event_fits_as_it_is_sent_whatever_its_members_say(letter: str) -> None:
    huge = tuple(
        line(labels={f"l{n}": letter * 4_000 for n in range(20)}, summary=letter * 5_000) for _ in range(60)
    )
    event = render(
        notification(
            lines=huge,
            where={letter * 300 + str(n): letter * 16_000 for n in range(60)},
            title=letter * 3_000,
        )
    )
    assert size(event) <= MAX_BODY
    assert "fit" in event["payload"]["custom_details"]["shortened"]


@given(notifications)
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
def test_the_vendor_takes_any_telling(any_telling: Notification) -> None:
    event = render(any_telling)
    assert size(event) <= MAX_BODY
    check_event(
        {**event, "routing_key": "k" * 32, "event_action": "trigger", "dedup_key": dedup_key(any_telling)}
    )


def test_a_member_says_how_long_it_took_and_how_often_it_fired() -> None:
    details = render(notification(lines=(line(times=3), line(ended_at=NOW)), ended=1))["payload"][
        "custom_details"
    ]
    assert [one.get("fired_times") for one in details["alerts"]] == [3, None]
    assert [one.get("took") for one in details["alerts"]] == [None, "1m"]


def test_what_was_hidden_until_now_says_by_what() -> None:
    hidden = Quieted("silenced", "silence s1 by ann", "reindexing", NOW)
    details = render(notification(hidden=hidden))["payload"]["custom_details"]
    assert details["told_only_now"] == "silenced until 08:00 UTC: reindexing (silence s1 by ann)"

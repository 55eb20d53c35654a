"""Events as PagerDuty takes them: keys, words, and what fits."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from gateway.model.durations import MINUTE
from gateway.model.ledger import NotifiedState
from gateway.model.notification import Notification
from gateway.model.severity import Severity
from gateway.model.worded import Quieted, TakenStep
from gateway.outbound.pagerduty.event import MAX_BODY, action, content_mark, dedup_key, render, size
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


def test_a_page_of_an_escalation_says_so_in_its_summary_and_why_in_its_details() -> None:
    step = TakenStep("payments", 2, 15 * MINUTE, unless_acknowledged=True)
    payload = render(notification(title="HighErrorRate", where={}, lines=(), escalation=step))["payload"]
    assert payload["summary"] == "HighErrorRate — escalation, step 2"
    told = payload["custom_details"]["escalation"]
    assert told == "⏫ Escalation, step 2 of payments: nobody had it after 15m"


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (TakenStep("payments", 1, 15 * MINUTE, unless_acknowledged=False), ": after 15m"),
        (TakenStep("payments", 1, None, unless_acknowledged=True), ""),
    ],
    ids=["whoever has it", "in an earlier round"],
)
def test_a_step_says_no_more_of_its_reason_than_is_known(step: TakenStep, said: str) -> None:
    assert details(escalation=step)["escalation"] == f"⏫ Escalation, step 1 of payments{said}"


def test_an_alert_that_names_no_thing_comes_from_alertmanager() -> None:
    payload = render(notification(where={}, lines=(line(thing=""),)))["payload"]
    assert payload["source"] == "alertmanager"
    assert "component" not in payload


def details(**more: object) -> dict[str, str]:
    return render(notification(**more))["payload"]["custom_details"]


def test_the_details_are_flat_texts_in_the_order_in_which_they_are_read() -> None:
    annotations = {"summary": "9 % fail", "description": "cart fails", "owner": "db team"}
    alert = line(
        description="cart fails", annotations=annotations, labels={"cluster": "eu-1", "service": "pay"}
    )
    told = details(
        lines=(alert,), owner="payments", acknowledged_by="ann", acknowledged_at=NOW, reason="also for chat", previous="older1",
        sent_severity="severity=fatal", quieted=Quieted("silenced", "silence aa06 by ann", "reindexing", NOW),
    )  # fmt: skip
    assert list(told.items()) == [
        ("what", "9 % fail\ncart fails"),
        ("since", "Firing since 2027-01-15 07:59 UTC"),
        ("where", "eu-1 › pay"),
        ("firing", "🔴 HighErrorRate"),
        ("who", "👀 ann has it since 2027-01-15 08:00 UTC"),
        ("owner", "Owner: payments"),
        ("suppressed", "🔕 silenced until 2027-01-15 08:00 UTC — reindexing (silence aa06 by ann)"),
        ("to_end_it", "To end it: gateway silence end aa06"),
        ("reason", "also for chat"),
        ("severity", "CRITICAL, sent as severity=fatal"),
        ("rule", "payments (rules/pay.yaml:7)"),
        ("incident", "abc123"),
        ("goes_on_from", "older1"),
        ("labels", "cluster=eu-1, service=pay"),
        ("annotation owner", "db team"),
    ]


def test_what_fires_and_what_is_over_are_lists_with_what_tells_the_alerts_apart() -> None:
    lines = (
        line(labels={"pod": "a"}),
        line(labels={"pod": "b"}, started_at=NOW - 48_000),
        line(labels={"pod": "c"}, ended_at=NOW),
    )
    told = details(lines=lines, firing=2, ended=1)
    assert told["alerts"] == "3 alerts: 2 firing, 1 ended"
    assert told["firing"] == "🔴 HighErrorRate ×2: pod=a, b, the last 12s later"
    assert told["over"] == "✅ HighErrorRate pod=c, ended after 1m"


def test_a_runbook_that_is_no_address_is_text() -> None:
    event = render(notification(lines=(line(runbook="/hardware/memory"),)))
    assert (event["payload"]["custom_details"]["runbook"], event["links"]) == ("/hardware/memory", [])


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


def test_links_are_the_first_of_each_kind_and_none_leads_to_the_api() -> None:
    lines = (
        line(runbook="file:///x"),
        line(runbook="https://r.example/1"),
        line(runbook="https://r.example/2", source="http://p/g"),
    )
    event = render(notification(lines=lines, link="https://gw.example/api/v1/incidents/1"))
    assert [(one["text"], one["href"]) for one in event["links"]] == [
        ("Runbook", "https://r.example/1"), ("Query", "http://p/g"),
    ]  # fmt: skip
    assert "client_url" not in event


def test_what_does_not_fit_is_counted() -> None:
    annotations = {f"note{n}": "x" for n in range(14)}
    where = {f"label{n}": "x" for n in range(33)}
    told = details(lines=(line(annotations=annotations, labels={}),) * 60, firing=60, where=where)
    assert told["firing"].endswith("🔴 HighErrorRate\n+20 alerts")
    assert told["labels"].endswith("label29=x, +3 labels")
    assert told["more"] == "+4 annotations"


@pytest.mark.parametrize("letter", ["x", "é", "火", "🔥", "\u0000"])
def test_an_event_fits_as_it_is_sent_whatever_its_members_say(letter: str) -> None:
    texts = {letter * 300 + str(n): letter * 16_000 for n in range(60)}
    huge = tuple(
        line(letter * 900, labels={f"l{n}": f"{at}{letter * 4_000}" for n in range(20)}, summary=f"{at}{letter * 5_000}", annotations=texts,
             runbook="https://r.example/" + "x" * 1_900, silenced_after_notify=letter * 9_000, thing=letter * 900)
        for at in range(60)
    )  # fmt: skip
    event = render(
        notification(
            lines=huge,
            firing=60,
            where=texts,
            title=letter * 3_000,
            reason=letter * 3_000,
            rule=letter * 9_000,
            owner=letter * 900,
        )
    )
    assert size(event) <= MAX_BODY


@given(notifications)
@settings(max_examples=100)
def test_the_vendor_takes_any_telling(any_telling: Notification) -> None:
    event = render(any_telling)
    assert size(event) <= MAX_BODY
    check_event(
        {**event, "routing_key": "k" * 32, "event_action": "trigger", "dedup_key": dedup_key(any_telling)}
    )


def test_what_was_hidden_until_now_says_by_what() -> None:
    hidden = Quieted("silenced", "silence s1 by ann", "reindexing", NOW)
    said = "🔔 Kept quiet before: silenced until 2027-01-15 08:00 UTC — reindexing (silence s1 by ann)"
    assert details(hidden=hidden)["kept_quiet_before"] == said


def test_the_mark_of_an_event_changes_with_what_is_sent_and_not_with_the_time() -> None:
    same = content_mark(notification())
    assert content_mark(notification(at=NOW + 60_000, revision=9, target="other", trace="4bf9")) == same
    others = {
        "generation": 2,
        "acknowledged_by": "ann",
        "firing": 2,
        "state": NotifiedState.ENDED,
        "said": ("worse",),
    }
    assert len({same, *(content_mark(notification(**{name: value})) for name, value in others.items())}) == 6


def test_the_page_leads_to_the_message_in_slack() -> None:
    address = "https://shop.slack.example/archives/C1/p1800000000000000"
    event = render(notification(message_link=address))
    assert event["payload"]["custom_details"]["slack"] == address
    assert {"href": address, "text": "Slack"} in event["links"]

"""What receivers of webhooks are sent keeps to the schema and fits, whatever it says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gateway.model.audit_trail import Batch, LoggedEntry
from gateway.model.changes import LogEntry
from gateway.model.ledger import Note, NotifiedState
from gateway.model.worded import FiringTimes, Quieted, TakenStep
from gateway.outbound.webhook.body import MAX_BODY, render, render_batch, render_notes
from gateway.outbound.webhook.schema import body_schema
from tests.outbound.notifications import HOSTILE, NOW, line, notification, notifications, texts

VALID = Draft202012Validator(body_schema())


def sent(**more: object) -> dict[str, Any]:
    body = json.loads(render(notification(**more)))
    VALID.validate(body)
    assert isinstance(body, dict)
    return body


def test_a_firing_incident_is_told_whole() -> None:
    annotations = {"summary": "9 % fail", "runbook_url": "https://run.example/1"}
    body = sent(
        lines=(line(annotations=annotations, runbook="https://run.example/1", source="javascript:alert(1)"),),
        page=True, acknowledged_by="ann", acknowledged_at=NOW, link="https://gw.example/api/v1/incidents/abc123",
    )  # fmt: skip
    assert (body["version"], body["type"], body["timestamp"]) == (
        "1",
        "incident.firing",
        "2027-01-15T08:00:00Z",
    )
    data = body["data"]
    assert isinstance(data, dict)
    (alert,) = data.pop("alerts")
    assert data == {
        "incident": "abc123", "key": "abc123.1", "target": "chat", "generation": 1, "revision": 1, "state": "firing",
        "severity": "critical", "page": True, "title": "HighErrorRate · pay", "thing": "pay-1", "where": {"cluster": "eu-1", "service": "pay"},
        "alerts_left_out": 0,
        "alerts_not_sent": 0, "firing": 1, "ended": 0, "moved": 0, "started_at": "2027-01-15T07:59:00Z", "ended_at": None, "quiet_until": None,
        "acknowledged_by": "ann", "acknowledged_at": "2027-01-15T08:00:00Z", "closed_by": "", "suppressed": "",
        "suppressed_until": None, "owner": "", "rule": "payments (rules/pay.yaml:7)", "reason": "", "previous": "",
        "url": "https://gw.example/api/v1/incidents/abc123", "ended_because": "",
        "suppressed_before": "", "firing_elsewhere": 0, "escalation": "",
    }  # fmt: skip
    assert alert == {
        "name": "HighErrorRate", "severity": "critical", "firing": True, "moved": False, "summary": "9 % fail", "annotations": annotations,
        "labels": {"alertname": "HighErrorRate", "pod": "pay-1"}, "started_at": "2027-01-15T07:59:00Z", "ended_at": None,
        "times": 1, "suppressed": "", "links": {"runbook": "https://run.example/1"},
        "thing": "pay-1", "description": "", "sent_severity": "", "ended_because": "",
    }  # fmt: skip


def test_a_receiver_reads_which_step_of_an_escalation_calls_it() -> None:
    data = sent(escalation=TakenStep("payments", 2, 900_000, unless_acknowledged=True))["data"]
    assert isinstance(data, dict)
    assert data["escalation"] == "step 2 of payments: nobody had it after 15m"


@pytest.mark.parametrize(
    ("quieted", "said", "until"),
    [
        pytest.param(Quieted("muted", "nights (pay.yaml:3)", "office-nights"), "muted: nights (pay.yaml:3), office-nights", None, id="all of it, and nobody knows until when"),
        pytest.param(Quieted("silenced", "silence s1 by ann", "", NOW, "1 of 2"), "1 of 2 in silenced: silence s1 by ann", "2027-01-15T08:00:00Z", id="a part of it, with an end"),
    ],
)  # fmt: skip
def test_a_receiver_reads_what_keeps_news_from_people_and_until_when(
    quieted: Quieted, said: str, until: str | None
) -> None:
    data = sent(quieted=quieted)["data"]
    assert (data["suppressed"], data["suppressed_until"]) == (said, until)


def test_an_alert_that_flaps_says_how_often_it_fired() -> None:
    flapped = FiringTimes(first_at=NOW - 60_000, since=NOW - 20_000, ended_at=None, times=3, fired_for=20_000)
    alerts = sent(lines=(line(often=flapped), line("Once")), firing=2)["data"]["alerts"]
    assert [alert["times"] for alert in alerts] == [3, 1]


@pytest.mark.parametrize(
    ("state", "type_"),
    [
        (NotifiedState.FIRING, "incident.firing"),
        (NotifiedState.CLOSED, "incident.closed"),
        (NotifiedState.ENDED, "incident.ended"),
        (NotifiedState.MOVED, "incident.moved"),
    ],
)
def test_the_type_says_what_became_of_it(state: NotifiedState, type_: str) -> None:
    body = sent(state=state, ended_at=NOW, closed_by="ann")
    assert body["type"] == type_


@given(notifications)
def test_whatever_is_told_keeps_to_the_schema_and_fits(told: object) -> None:
    body = render(told)  # type: ignore[arg-type]
    assert len(body) <= MAX_BODY
    VALID.validate(json.loads(body))


@given(
    st.lists(
        st.builds(Note, texts, st.booleans(), st.booleans(), st.integers(0, NOW)), min_size=1, max_size=9
    )
)
def test_whatever_is_noted_keeps_to_the_schema(notes: list[Note]) -> None:
    body = json.loads(render_notes("abc.1", notes, NOW))
    VALID.validate(body)
    assert (body["data"]["incident"], len(body["data"]["notes"])) == ("abc", len(notes))


details = st.dictionaries(texts, st.one_of(texts, st.integers(-(2**53), 2**53)), max_size=5)


entries = st.builds(
    LoggedEntry, st.just("17-0"), st.integers(0, NOW), st.builds(LogEntry, texts, texts, details)
)


@given(st.lists(entries, max_size=5))
def test_whatever_is_logged_keeps_to_the_schema(logged: list[LoggedEntry]) -> None:
    body = json.loads(render_batch(Batch("b", "audit", 0, tuple(logged), 0), NOW))
    VALID.validate(body)
    assert len(body["data"]["entries"]) == len(logged)


def test_the_firing_and_the_worst_alerts_are_those_that_fit() -> None:
    lines = tuple(line(f"A{number}", annotations={"description": "x" * 10_000}) for number in range(500))
    body = sent(lines=lines, firing=500)
    data = body["data"]
    assert isinstance(data, dict)
    names = [one["name"] for one in data["alerts"]]
    assert names == [f"A{number}" for number in range(len(names))]
    assert (len(names) > 50, data["alerts_left_out"] + len(names)) == (True, 500)


def test_texts_are_sent_as_they_are_but_for_what_acts_on_whoever_is_shown_them() -> None:
    data = sent(title=HOSTILE, where={"a": HOSTILE})["data"]
    assert isinstance(data, dict)
    shown = HOSTILE.replace("\u202e", "").replace("\u200b", "")
    assert (data["title"], data["where"]) == (shown, {"a": shown})

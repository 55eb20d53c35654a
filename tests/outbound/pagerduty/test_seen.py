"""What PagerDuty's REST API shows is read as it is published, and what is odd in it is passed over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.clock import utc_now
from gateway.model.vendor_view import SeenChange, SeenIncident, SeenPerson, SeenShift, SeenWindow
from gateway.outbound.pagerduty.seen import (
    event_of,
    read_changes,
    read_incidents,
    read_notified,
    read_shifts,
    read_windows,
)
from gateway.sandbox.pagerduty.account import Account
from gateway.sandbox.pagerduty.people import Shift, oncall_json
from gateway.sandbox.pagerduty.rest import incident_json

SPEC = Path(__file__).parents[4] / "shared/data/specs/pagerduty/rest-incidents-subset.openapiv3.json"
published = pytest.mark.skipif(not SPEC.exists(), reason="the published shapes are not on this machine")
OPENED = 1_444_167_042_000  # 2015-10-06T21:30:42Z


def example(path: str) -> dict[str, Any]:
    answers = json.loads(SPEC.read_text("utf-8"))["paths"][path]["get"]["responses"]["200"]
    found: dict[str, Any] = answers["content"]["application/json"]["examples"]["response"]["value"]
    return found


def incident(**more: object) -> dict[str, object]:
    return {
        "id": "Q1",
        "status": "acknowledged",
        "incident_key": "abc.1",
        "last_status_change_at": "2015-10-06T21:30:42Z",
        "last_status_change_by": {"id": "PBOB", "type": "user_reference", "summary": "Bob"},
        "service": {"id": "PSVC", "type": "service_reference", "summary": "cart"},
        "escalation_policy": {"id": "PPOL"},
        "assignments": [
            {
                "assignee": {
                    "id": "PANN",
                    "type": "user",
                    "name": "Ann",
                    "summary": "Ann",
                    "time_zone": "Asia/Kathmandu",
                }
            }
        ],
    } | more


def test_an_incident_says_who_has_changed_it_and_who_has_it() -> None:
    assert read_incidents({"incidents": [incident()]}) == [
        SeenIncident(
            "Q1",
            "abc.1",
            "acknowledged",
            OPENED,
            "Bob",
            ("PSVC", "cart"),
            (SeenPerson("PANN", "Ann", "Asia/Kathmandu"),),
            "PPOL",
            "PBOB",
        )
    ]


def test_an_incident_without_a_key_is_found_by_the_one_that_was_asked_for() -> None:
    (found,) = read_incidents({"incidents": [incident(incident_key=None)]}, "abc.2")
    assert found.key == "abc.2"
    event = event_of(found, "acknowledged")
    assert (event.incident, event.generation, event.dedup_key, event.whole_seconds) == (
        "abc",
        2,
        "abc.2",
        True,
    )


def test_where_nobody_says_who_changed_it_the_last_who_acknowledged_did() -> None:
    eve = {"id": "PEVE", "type": "user_reference", "summary": "Eve"}
    item = incident(acknowledgements=[{"acknowledger": eve}])
    del item["last_status_change_by"]
    assert read_incidents({"incidents": [item]})[0].changed_by == "Eve"
    service = {"id": "PSVC", "type": "service_reference"}
    assert read_incidents({"incidents": [incident(last_status_change_by=service)]})[0].changed_by == ""


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"incidents": "none"},
        {"incidents": [7, None, {}]},
        {"incidents": [incident(last_status_change_at="yesterday")]},
        {"incidents": [incident(status="merged")]},
        {"incidents": [incident(id=None)]},
    ],
)
def test_what_says_too_little_is_passed_over(answer: dict[str, object]) -> None:
    assert read_incidents(answer) == []


def test_odd_lists_hold_nothing() -> None:
    odd = {
        name: [None, 7, {}, {"user": 3}]
        for name in ("log_entries", "oncalls", "maintenance_windows", "change_events")
    }
    for answer in ({}, odd, dict.fromkeys(odd, "none")):
        assert [
            *read_notified(answer),
            *read_shifts(answer),
            *read_windows(answer),
            *read_changes(answer),
        ] == []


def test_windows_and_changes_are_read() -> None:
    window = {
        "start_time": "2015-10-06T21:30:42Z",
        "end_time": "2015-10-06T21:30:42Z",
        "services": [{"id": "PSVC", "summary": "cart"}],
    }
    assert read_windows({"maintenance_windows": [window]}) == [SeenWindow(("PSVC", "cart"), OPENED, OPENED)]
    change = {
        "id": "C1",
        "timestamp": "2015-10-06T21:30:42Z",
        "summary": "2.1 deployed",
        "links": [{"href": "https://ci.example"}],
    }
    assert read_changes({"change_events": [change]}) == [
        SeenChange("C1", OPENED, "2.1 deployed", "", "https://ci.example")
    ]


@published
def test_the_published_incident_is_read() -> None:
    (found,) = read_incidents(example("/incidents"))
    assert (found.id, found.status, found.changed_by, found.policy) == (
        "PT4KHLK",
        "resolved",
        "Earline Greenholt",
        "PT20YPA",
    )
    assert found.places == ("PIJ90N7", "My Mail Service")


@published
def test_the_published_shift_is_read() -> None:
    (shift,) = read_shifts(example("/oncalls"))
    assert shift == SeenShift(SeenPerson("PT23IWX", "Tim Wright"), 2, 1_425_673_731_000, 1_425_760_131_000)


@published
def test_the_sandbox_answers_in_the_published_shapes() -> None:
    account = Account(None)
    event = {
        "event_action": "trigger",
        "routing_key": "r" * 32,
        "dedup_key": "abc.1",
        "payload": {"summary": "x"},
    }
    account.apply(event, "cart", utc_now())
    ours, theirs = incident_json(account.incidents[0], "http://x"), example("/incidents")["incidents"][0]
    assert ours.keys() <= theirs.keys()
    oncall = oncall_json(Shift("ann"), "P1")
    assert oncall.keys() == example("/oncalls")["oncalls"][0].keys()

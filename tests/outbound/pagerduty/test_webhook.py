"""What a webhook says of its incident: our key, or PagerDuty's id alone."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.outbound.pagerduty.webhook import read_webhook, with_key

BOB = {"id": "PBOB", "summary": "bob", "type": "user_reference"}


def said(event_type: str, data: dict[str, Any]) -> dict[str, Any]:
    at = "2026-11-23T10:00:00.250Z"
    return {"event": {"id": "01X", "event_type": event_type, "occurred_at": at, "agent": BOB, "data": data}}


def test_a_note_names_its_incident_by_pagerdutys_id_alone() -> None:
    reference = {"id": "QABC", "summary": "checkout is down", "type": "incident_reference"}
    event = read_webhook(
        said("incident.annotated", {"incident": reference, "content": "look", "type": "incident_note"})
    )
    assert event is not None
    assert (event.incident, event.dedup_key, event.there, event.text) == ("", "", "QABC", "look")
    named = with_key(event, "abc123def456.2")
    assert named is not None
    assert (named.incident, named.generation, named.dedup_key) == ("abc123def456", 2, "abc123def456.2")


def test_an_incident_is_named_by_our_key_and_by_pagerdutys_id() -> None:
    event = read_webhook(said("incident.resolved", {"id": "QABC", "incident_key": "abc123def456.1"}))
    assert event is not None
    assert (event.incident, event.there) == ("abc123def456", "QABC")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({"id": "QABC", "incident_key": "checkout is down"}, id="a key of somebody else's"),
        pytest.param({"incident": {"summary": "x"}, "content": "look"}, id="a note of no incident"),
    ],
)
def test_what_is_about_no_page_of_ours_is_nothing(data: dict[str, Any]) -> None:
    assert read_webhook(said("incident.annotated", data)) is None

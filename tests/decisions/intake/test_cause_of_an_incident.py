"""The webhook that an incident names as the cause of its last change."""

from __future__ import annotations

import msgspec

from gateway.decisions.intake.incident_draft import Draft
from gateway.model.cause import cause
from gateway.model.incident import Incident

SPAN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
FOLLOWED = cause("one", SPAN)
OPEN = Incident("i", 0, "rule", (), (), revision=1, firing=2, last_new_at=0, last_change_at=0, trace=FOLLOWED)


def changed_by(incident: Incident, *causes: str) -> str:
    draft = Draft(incident)
    for number, caused_by in enumerate(causes):
        draft.leave(number, caused_by)
    return draft.incident().trace


class TestAnIncidentThatWaitsForItsPlan:
    def test_keeps_the_webhook_that_can_be_followed(self) -> None:
        assert changed_by(OPEN, "two") == FOLLOWED

    def test_takes_a_later_one_that_can_be_followed(self) -> None:
        later = cause("two", SPAN)

        assert changed_by(OPEN, later, "three") == later


def test_an_incident_that_is_planned_has_nothing_to_do_with_what_was_before() -> None:
    planned = msgspec.structs.replace(OPEN, planned_revision=1)

    assert changed_by(planned, "two") == "two"

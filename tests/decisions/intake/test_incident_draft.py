"""An incident is drafted while a batch of alerts joins and leaves it, and is one revision afterwards."""

from __future__ import annotations

import pytest

from gateway.decisions.intake.correlate import Choice, Placement
from gateway.decisions.intake.incident_draft import Draft
from gateway.model.changes import Changes
from gateway.model.durations import MINUTE
from gateway.model.rules.kinds import DEFAULT_CORRELATE
from tests.decisions.cases import alert, incident
from tests.support.build import START

PLACE = Placement(DEFAULT_CORRELATE, ("key",), ())
LATER = START + MINUTE


def test_a_new_incident_says_by_which_rule_and_from_what_it_goes_on() -> None:
    draft = Draft.new(alert(), PLACE, Choice("", previous="before", alone="full"), START)
    draft.join(alert(), PLACE, START, "trace")
    made = draft.incident()
    assert (made.rule, made.keys, made.previous, made.alone) == (
        "default (built-in)",
        ("key",),
        "before",
        "full",
    )
    assert (made.revision, made.firing, made.trace) == (1, 1, "trace")


def test_a_batch_is_one_revision_however_many_join() -> None:
    draft = Draft(incident(alert()))
    draft.join(alert("B"), PLACE, LATER, "")
    draft.join(alert("C"), PLACE, LATER, "")
    draft.leave(LATER, "")
    after = draft.incident()
    assert (after.revision, len(after.members), after.firing) == (2, 3, 2)
    assert (draft.opened, draft.ended) == (2, 1)


def test_only_a_new_alert_draws_out_the_time_in_which_others_may_join() -> None:
    left = Draft(incident(alert()))
    left.leave(LATER, "")
    assert (left.incident().last_new_at, left.incident().last_change_at) == (START, LATER)
    joined = Draft(incident(alert()))
    joined.join(alert("B"), PLACE, LATER, "")
    assert joined.incident().last_new_at == LATER


def test_an_incident_that_nothing_happened_to_stays_as_it_is() -> None:
    whole = incident(alert())
    draft = Draft(whole)
    assert not draft.changed
    assert draft.incident() is whole


@pytest.mark.parametrize(
    ("planned_revision", "counted"),
    [
        pytest.param(0, {"open:waiting": 1}, id="it waits for a plan already: one more does"),
        pytest.param(1, {"open:planned": -1, "open:waiting": 2}, id="it was planned: all of it waits again"),
    ],
)
def test_open_episodes_wait_for_a_plan_from_the_change_on(
    planned_revision: int, counted: dict[str, int]
) -> None:
    draft = Draft(incident(alert(), planned_revision=planned_revision))
    draft.join(alert("B"), PLACE, LATER, "")
    changes = Changes()
    draft.count(changes)
    assert changes.count == counted

"""A batch of observations is applied to its alerts first, and then every alert that turned is brought into
its incident.
"""

from __future__ import annotations

import msgspec

from gateway.decisions.intake.alert_lookup import AlertLookup
from gateway.decisions.intake.assign_incidents import correlate
from gateway.decisions.intake.batch import (
    Deduplicated,
    deduplicate,
    incidents_of,
    placements_of,
)
from gateway.decisions.intake.correlate import Correlator
from gateway.model.agenda import EXPIRY_PRIORITY, Subject
from gateway.model.alert import Observation
from gateway.model.changes import ABSENT, Cell, Changes, Result, Table
from gateway.model.durations import MINUTE
from gateway.model.incident import Incident
from gateway.model.records import load_alert, load_incident
from gateway.model.retention import KEEP_ENDED_MS
from gateway.model.verdict import Outcome, Reason
from tests.support.build import START, rulebook, seen

CORRELATOR = Correlator(rulebook())


def first_phase(*observations: Observation) -> Deduplicated:
    """The alerts of a batch over an empty store."""
    lookup = AlertLookup(START)
    resolved = lookup.resolve(observations, Result(START, [("", ABSENT) for _ in observations]))
    return deduplicate(resolved, lookup)


def both_phases(*observations: Observation) -> Changes:
    found = first_phase(*observations)
    placements = placements_of(found, CORRELATOR)
    asked = incidents_of(found, placements)
    rows = dict.fromkeys((*asked.cells, *(Cell(Table.KEYS, key) for key in asked.keys)), ABSENT)
    return correlate(found, placements, Result(START, rows=rows), CORRELATOR).changes


def incidents(changes: Changes) -> list[Incident]:
    return [load_incident(row) for cell, row in changes.put.items() if cell.table is Table.INCIDENTS]


def test_observations_are_applied_in_the_order_in_which_they_were_sent() -> None:
    found = first_phase(seen(), seen(), seen(ends=MINUTE))
    assert [(verdict.outcome, verdict.reason) for verdict in found.verdicts] == [
        (Outcome.OPENED, Reason.FIRST_FIRING),
        (Outcome.REPEATED, Reason.STILL_FIRING),
        (Outcome.ENDED, Reason.LAST_COPY_ENDED),
    ]
    assert [turn.opened for turn in found.turns] == [True, False]
    assert found.changes.count["seen:opened:first_firing"] == 1


def test_when_something_happened_is_known_only_where_it_is_news() -> None:
    found = first_phase(seen(at=5), seen(at=5), seen(at=5, ends=MINUTE))
    assert [verdict.event_at for verdict in found.verdicts] == [START + 5, None, START + MINUTE]


def test_an_end_of_what_was_never_seen_opens_nothing_and_is_forgotten_by_itself() -> None:
    changes = both_phases(seen(ends=MINUTE))
    assert incidents(changes) == []
    assert changes.agenda == {Subject.expire_alert(seen().alert): (START + KEEP_ENDED_MS, EXPIRY_PRIORITY)}


def test_alerts_that_belong_together_open_one_incident_that_is_planned_at_once() -> None:
    changes = both_phases(seen(pod="a"), seen(pod="b"))
    (opened,) = incidents(changes)
    assert (len(opened.members), opened.firing, opened.revision) == (2, 2, 1)
    assert changes.agenda[Subject.plan(opened.id)] == (START, 0)
    assert (changes.count["open:counted"], changes.count["open:waiting"]) == (2, 2)
    pointed = {load_alert(row).incident for cell, row in changes.put.items() if cell.table is Table.ALERTS}
    assert pointed == {opened.id}


def test_an_alert_that_ends_in_the_same_batch_leaves_its_incident_again() -> None:
    changes = both_phases(seen(pod="a"), seen(pod="a", ends=MINUTE))
    (opened,) = incidents(changes)
    assert (len(opened.members), opened.firing) == (1, 0)
    assert changes.count.get("open:counted", 0) == 0


def test_everything_that_was_read_is_expected_unchanged() -> None:
    changes = both_phases(seen())
    (opened,) = incidents(changes)
    tables = {cell.table for cell in changes.expect}
    assert tables == {Table.ALERTS, Table.COPIES, Table.INCIDENTS, Table.KEYS}
    assert changes.expect[Cell(Table.INCIDENTS, opened.id)] == b"", "nobody has opened it meanwhile"
    assert changes.grows, "history grows: refused first when the store is full"


def test_two_ends_under_changed_labels_end_two_copies_and_one_that_is_sent_twice_ends_one() -> None:
    def under(name: str, ends: int | None = None) -> Observation:
        return msgspec.structs.replace(seen(ends=ends), copy=f"default/0123456789abcdef#{name}")

    sent = [under("a"), under("b"), under("c", MINUTE), under("c", MINUTE)]
    alert_id = sent[0].alert
    fires_on, over = first_phase(*sent), first_phase(*sent, under("d", MINUTE))
    assert (fires_on.alerts[alert_id].firing, over.alerts[alert_id].firing) == (True, False)  # type: ignore[union-attr]
    assert [verdict.reason for verdict in over.verdicts[2:]] == [
        Reason.COPY_ENDED,
        Reason.ALREADY_ENDED,
        Reason.LAST_COPY_ENDED,
    ]

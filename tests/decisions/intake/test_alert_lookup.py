"""Every observation of a batch is brought to the alert that its copy belongs to, whatever its labels say by
now.
"""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.intake.alert_lookup import AlertLookup, query_of
from gateway.model.alert import MAX_COPIES, Alert, Copy, Observation
from gateway.model.changes import ABSENT, Cell, Result, Row, Table
from gateway.model.records import dump
from tests.decisions.cases import alert
from tests.support.build import START, seen

DOWN = seen("Down")
NOTHING = ("", ABSENT)


def known(*, firing: bool = True, copies: int = 1) -> Alert:
    """The alert that the copy of DOWN belonged to by other rules."""
    held = {f"default/{number}": Copy(True, START) for number in range(copies - 1)} | {
        DOWN.copy: Copy(firing, START)
    }
    return msgspec.structs.replace(alert("Old", ended=None if firing else 1), copies=held)


def looked_up(
    *found: tuple[str, Row], asked: tuple[Observation, ...] = (DOWN,)
) -> tuple[list[str], AlertLookup]:
    """The alert of each observation, and what was found out about the alerts."""
    lookup = AlertLookup(START)
    resolved = lookup.resolve(asked, Result(START, found))
    return [observation.alert for observation in resolved], lookup


def row(held: Alert) -> Row:
    return Row(b"7", dump(held))


def test_a_batch_asks_by_copy_and_by_identity() -> None:
    query = query_of([DOWN, seen("Slow")])
    assert (list(query.copies), list(query.alerts)) == (
        [DOWN.copy, seen("Slow").copy],
        [DOWN.alert, seen("Slow").alert],
    )


def test_a_copy_that_nobody_knows_is_its_identitys_and_points_to_it_from_now_on() -> None:
    (found,), lookup = looked_up(NOTHING)
    assert (found, lookup.alerts) == (DOWN.alert, {DOWN.alert: None})
    cell = Cell(Table.COPIES, DOWN.copy)
    assert lookup.changes.put == {cell: DOWN.alert.encode()}
    assert lookup.changes.expect == {cell: b""}, "a replica with other rules may be quicker"


@pytest.mark.parametrize(
    ("held", "observed", "moves"),
    [
        pytest.param(known(), DOWN, False, id="identity is pinned while its episode lasts"),
        pytest.param(known(firing=False), DOWN, True, id="its next episode is the alert that its labels say"),
        pytest.param(
            known(firing=False), seen("Down", ends=5), False, id="an end is that of the alert that it ends"
        ),
    ],
)
def test_a_copy_that_other_rules_gave_another_identity(
    held: Alert, observed: Observation, moves: bool
) -> None:
    (found,), lookup = looked_up((held.id, row(held)), asked=(observed,))
    assert found == (observed.alert if moves else held.id)
    assert (lookup.changes.expect == {Cell(Table.ALERTS, held.id): b"7"}) is moves
    unread = lookup.unread([msgspec.structs.replace(observed, alert=found)])
    assert unread == ([Cell(Table.ALERTS, observed.alert)] if moves else [])


def test_alerts_that_are_read_later_are_known_with_their_versions() -> None:
    lookup = AlertLookup(START)
    cell = Cell(Table.ALERTS, "a")
    lookup.add({cell: row(alert("A")), Cell(Table.ALERTS, "b"): ABSENT})
    assert lookup.versions[cell] == b"7"
    assert [name for name, held in lookup.alerts.items() if held is None] == ["b"]


def test_a_copy_too_many_is_an_alert_of_its_own_and_always_the_same() -> None:
    held = msgspec.structs.replace(
        alert("Down"), copies={f"default/{number}": Copy(True, START) for number in range(MAX_COPIES)}
    )
    lookup = AlertLookup(START)
    lookup.alerts[DOWN.alert] = held
    (first,) = lookup.crowded([DOWN])
    (again,) = lookup.crowded([DOWN])
    (other,) = lookup.crowded([seen("Down", replica="b")])
    assert first.alert == again.alert
    assert len({first.alert, other.alert, DOWN.alert}) == 3
    assert lookup.changes.count == {"crowded_copies": 3}


def test_copies_of_one_batch_are_counted_together() -> None:
    many = [seen("Down", replica=str(number)) for number in range(MAX_COPIES + 2)]
    lookup = AlertLookup(START)
    lookup.alerts[DOWN.alert] = None
    assert lookup.crowded(many[:MAX_COPIES]) == []
    assert len(lookup.crowded(many)) == 2

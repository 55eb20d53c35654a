"""An observation whose key an alert does not have means one of its copies, or none: never by the fingerprint
alone.
"""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.intake.find_copy import find_copy
from gateway.model.alert import Alert, Copy, Observation
from gateway.model.changes import Cell, Changes, Table
from gateway.model.fingerprint import fingerprint, identity
from tests.decisions.cases import alert
from tests.support.build import START, seen

SENT = "0123456789abcdef"
LABELS = {"alertname": "Down", "cluster": "eu-1"}
OLD = f"default/{SENT}"
NEW = f"{OLD}#{identity(LABELS)}"
OTHER = f"{OLD}#{identity({**LABELS, 'relay': 'b'})}"


def holding(**copies: bool) -> Alert:
    """An alert with these copies, each firing or not, that is spoken for by the first."""
    names = {"old": OLD, "new": NEW, "other": OTHER, "far": f"far/{SENT}"}
    held = {names[name]: Copy(firing, START) for name, firing in copies.items()}
    return msgspec.structs.replace(alert("Down"), labels=LABELS, copies=held, spoken_by=next(iter(held)))


def of(copy: str, held: Alert, *, ends: bool = False) -> Observation:
    observed = seen("Down", at=0, ends=60_000 if ends else None)
    return msgspec.structs.replace(observed, copy=copy, alert=held.id)


def test_a_copy_that_the_version_before_wrote_moves_to_its_key_when_it_is_seen() -> None:
    held, changes = holding(old=True), Changes()
    moved, observed = find_copy(held, of(NEW, held), changes)
    assert (list(moved.copies), moved.spoken_by, observed.copy) == ([NEW], NEW, NEW)
    assert changes.drop == [Cell(Table.COPIES, OLD)]


def test_its_end_moves_it_too() -> None:
    held = holding(old=True)
    moved, observed = find_copy(held, of(NEW, held, ends=True), Changes())
    assert (list(moved.copies), observed.copy) == ([NEW], NEW)


def test_a_copy_with_the_true_fingerprint_keeps_its_key() -> None:
    true = f"default/{fingerprint(LABELS)}"
    held = msgspec.structs.replace(holding(old=True), copies={true: Copy(True, START)})
    relayed = f"{true}#{identity({**LABELS, 'relay': 'b'})}"
    moved, _ = find_copy(held, of(relayed, held), Changes())
    assert list(moved.copies) == [true]


def test_an_end_with_another_value_of_an_ignored_label_ends_the_copy_of_that_fingerprint() -> None:
    held, changes = holding(new=True), Changes()
    changes.put[Cell(Table.COPIES, OTHER)] = held.id.encode()
    _, observed = find_copy(held, of(OTHER, held, ends=True), changes)
    assert observed.copy == NEW
    assert not changes.put, "no pointer is left to a copy that the alert does not have"


@pytest.mark.parametrize(
    ("held", "ends"),
    [
        pytest.param(holding(new=True), False, id="a firing is a copy of its own"),
        pytest.param(holding(new=False), True, id="what does not fire has no end to come"),
        pytest.param(holding(far=True), True, id="another source's copy is not meant"),
        pytest.param(holding(new=True, other=True), True, id="of two nobody can tell which one ended"),
    ],
)
def test_no_other_copy_is_meant(held: Alert, ends: bool) -> None:
    unknown = f"{OLD}#{identity({**LABELS, 'relay': 'c'})}"
    assert find_copy(held, of(unknown, held, ends=ends), Changes())[1].copy == unknown


def test_an_alert_of_another_identity_is_never_ended_for_its_fingerprint() -> None:
    held = holding(new=True)
    ended = msgspec.structs.replace(of(OTHER, held, ends=True), alert="another")
    assert find_copy(held, ended, Changes())[1].copy == OTHER


def test_a_copy_of_this_version_is_never_moved_whatever_labels_are_ignored() -> None:
    held = msgspec.structs.replace(holding(old=True), copies={OLD: Copy(True, START, keyed=True)})
    found, observed = find_copy(held, of(NEW, held), Changes())
    assert (list(found.copies), observed.copy) == ([OLD], NEW)


TRUE = f"default/{fingerprint(LABELS)}"


@pytest.mark.parametrize(
    ("key", "sent"),
    [
        pytest.param(TRUE, f"{TRUE}@", id="its sender writes no fingerprint any more"),
        pytest.param(f"{TRUE}@", TRUE, id="its sender writes a fingerprint now"),
        pytest.param(f"{TRUE}@host42", f"{TRUE}@", id="its event is without what its webhook wrote"),
    ],
)
@pytest.mark.parametrize("ends", [True, False])
def test_the_same_labels_are_the_same_copy_however_they_are_sent(key: str, sent: str, ends: bool) -> None:
    held = msgspec.structs.replace(holding(old=True), copies={key: Copy(True, START, keyed=True)})
    _, observed = find_copy(held, of(sent, held, ends=ends), Changes())
    assert observed.copy == key


@pytest.mark.parametrize("sent", ["", "host42"])
def test_an_end_with_another_ignored_label_is_found_by_whatever_stood_for_the_fingerprint(sent: str) -> None:
    other = f"default/{fingerprint({**LABELS, 'relay': 'b'})}@{sent}"
    held = msgspec.structs.replace(
        holding(old=True), copies={f"{TRUE}@{sent}": Copy(True, START, keyed=True)}
    )
    _, observed = find_copy(held, of(other, held, ends=True), Changes())
    assert observed.copy == f"{TRUE}@{sent}"

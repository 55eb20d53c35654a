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
NOW = START + 120_000
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
    moved, observed = find_copy(held, of(NEW, held), changes, NOW)
    assert (list(moved.copies), moved.spoken_by, observed.copy) == ([NEW], NEW, NEW)
    assert changes.drop == [Cell(Table.COPIES, OLD)]


def test_its_end_moves_it_too() -> None:
    held = holding(old=True)
    moved, observed = find_copy(held, of(NEW, held, ends=True), Changes(), NOW)
    assert (list(moved.copies), observed.copy) == ([NEW], NEW)


def test_a_copy_with_the_true_fingerprint_keeps_its_key() -> None:
    true = f"default/{fingerprint(LABELS)}"
    held = msgspec.structs.replace(holding(old=True), copies={true: Copy(True, START)})
    relayed = f"{true}#{identity({**LABELS, 'relay': 'b'})}"
    moved, _ = find_copy(held, of(relayed, held), Changes(), NOW)
    assert list(moved.copies) == [true]


def test_an_end_with_another_value_of_an_ignored_label_ends_the_copy_of_that_fingerprint() -> None:
    held, changes = holding(new=True), Changes()
    changes.put[Cell(Table.COPIES, OTHER)] = held.id.encode()
    found, observed = find_copy(held, of(OTHER, held, ends=True), changes, NOW)
    assert observed.copy == NEW
    assert (found.copies[OTHER].firing, found.copies[OTHER].ends_at) == (False, START + 60_000)
    assert changes.put == {Cell(Table.COPIES, OTHER): held.id.encode()}, (
        "the end is known when it is sent again"
    )


def two(new: Copy, other: Copy) -> Alert:
    return msgspec.structs.replace(holding(new=True), copies={NEW: new, OTHER: other})


@pytest.mark.parametrize(
    ("held", "ended"),
    [
        pytest.param(
            two(Copy(True, START, said_at=START), Copy(True, START - 1, said_at=START - 9)),
            NEW,
            id="the same start",
        ),
        pytest.param(
            two(Copy(True, START, said_at=START + 9), Copy(True, START, said_at=START)),
            OTHER,
            id="of one start that which is not reported any more",
        ),
        pytest.param(
            two(Copy(True, START - 5, said_at=START), Copy(True, START - 7, said_at=START)),
            OTHER,
            id="of those heard of last at one time the oldest",
        ),
        pytest.param(
            two(Copy(True, START + 90_000, said_at=START), Copy(True, START - 7, said_at=START + 9)),
            OTHER,
            id="never one that began after the end",
        ),
        pytest.param(
            two(Copy(True, START, said_at=START + 1, assumed=True), Copy(True, START, said_at=START + 2)),
            OTHER,
            id="a start that we assumed is no start as sent",
        ),
    ],
)
def test_of_several_copies_an_end_is_of_the_one_that_it_can_be_of(held: Alert, ended: str) -> None:
    unknown = f"{OLD}#{identity({**LABELS, 'relay': 'c'})}"
    found, observed = find_copy(held, of(unknown, held, ends=True), Changes(), NOW)
    assert observed.copy == ended
    assert not found.copies[unknown].firing


def test_an_end_that_is_older_than_all_of_them_is_ignored_as_one_of_theirs() -> None:
    held, changes = two(Copy(True, START + 90_000), Copy(True, START + 95_000)), Changes()
    unknown = f"{OLD}#{identity({**LABELS, 'relay': 'c'})}"
    changes.put[Cell(Table.COPIES, unknown)] = held.id.encode()
    found, observed = find_copy(held, of(unknown, held, ends=True), changes, NOW)
    assert (observed.copy, found, changes.put) == (NEW, held, {}), "the timeline says that an end was ignored"


@pytest.mark.parametrize(
    ("held", "ends"),
    [
        pytest.param(holding(new=True), False, id="a firing is a copy of its own"),
        pytest.param(holding(new=False), True, id="what does not fire has no end to come"),
        pytest.param(holding(far=True), True, id="another source's copy is not meant"),
    ],
)
def test_no_other_copy_is_meant(held: Alert, ends: bool) -> None:
    unknown = f"{OLD}#{identity({**LABELS, 'relay': 'c'})}"
    assert find_copy(held, of(unknown, held, ends=ends), Changes(), NOW)[1].copy == unknown


def test_an_alert_of_another_identity_is_never_ended_for_its_fingerprint() -> None:
    held = holding(new=True)
    ended = msgspec.structs.replace(of(OTHER, held, ends=True), alert="another")
    assert find_copy(held, ended, Changes(), NOW)[1].copy == OTHER


def test_a_copy_of_this_version_is_never_moved_whatever_labels_are_ignored() -> None:
    held = msgspec.structs.replace(holding(old=True), copies={OLD: Copy(True, START, keyed=True)})
    found, observed = find_copy(held, of(NEW, held), Changes(), NOW)
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
    _, observed = find_copy(held, of(sent, held, ends=ends), Changes(), NOW)
    assert observed.copy == key


@pytest.mark.parametrize("sent", ["", "host42"])
def test_an_end_with_another_ignored_label_is_found_by_whatever_stood_for_the_fingerprint(sent: str) -> None:
    other = f"default/{fingerprint({**LABELS, 'relay': 'b'})}@{sent}"
    held = msgspec.structs.replace(
        holding(old=True), copies={f"{TRUE}@{sent}": Copy(True, START, keyed=True)}
    )
    _, observed = find_copy(held, of(other, held, ends=True), Changes(), NOW)
    assert observed.copy == f"{TRUE}@{sent}"

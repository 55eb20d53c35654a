"""Changes are put together to one set: counters add up, and what is on the agenda moves earlier and never later."""

from __future__ import annotations

import pytest

from gateway.model.agenda import Subject
from gateway.model.changes import Cell, Changes, LogEntry, Table

PLAN = Subject.plan("i1")


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        pytest.param((100, 5), (50, 5), (50, 5), id="an earlier time counts"),
        pytest.param((50, 5), (100, 0), (50, 5), id="a later time does not, however urgent"),
        pytest.param((50, 5), (50, 0), (50, 0), id="of equal times the more urgent counts"),
    ],
)
def test_a_subject_moves_earlier_and_never_later(
    first: tuple[int, int], second: tuple[int, int], kept: tuple[int, int]
) -> None:
    changes = Changes()
    changes.schedule(PLAN, *first)
    changes.schedule(PLAN, *second)
    assert changes.agenda == {PLAN: kept}


def test_counting_nothing_leaves_no_counter() -> None:
    changes = Changes()
    changes.increment("received", 0)
    assert changes.count == {}


def test_two_sets_of_changes_are_one() -> None:
    one, other = Cell(Table.META, "one"), Cell(Table.META, "other")
    first = Changes(expect={one: b"1"}, put={one: b"a"}, count={"received": 2, "open": 1})
    first.schedule(PLAN, 100)
    second = Changes(expect={other: b"2"}, put={other: b"b"}, drop=[other], count={"received": 3, "open": -1})
    second.schedule(PLAN, 50)
    second.log.append(LogEntry("i1", "closed_by_hand", {"by": "ann"}))
    second.topics.add.append(("topic", "a1"))
    second.topics.seen["topic"] = "a1"
    first.merge(second)
    assert (first.expect, first.put, first.drop) == ({one: b"1", other: b"2"}, {one: b"a", other: b"b"}, [other])
    assert (first.count["received"], first.count.get("open", 0)) == (5, 0)
    assert first.agenda == {PLAN: (50, 5)}
    assert [entry.what for entry in first.log] == ["closed_by_hand"]
    assert (first.topics.add, first.topics.seen) == ([("topic", "a1")], {"topic": "a1"})

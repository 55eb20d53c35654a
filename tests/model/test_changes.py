"""Two sets of changes become one that loses nothing, or are refused.

The agenda moves earlier and never later.
"""

from __future__ import annotations

from dataclasses import fields

import pytest

from gateway.model.agenda import Share, Subject
from gateway.model.changes import (
    Cell,
    Changes,
    Claim,
    LogEntry,
    QuarantineEntry,
    Release,
    Table,
)
from gateway.model.topics import MergeConflict, Topics

CELL = Cell(Table.META, "cell")
OTHER_CELL = Cell(Table.META, "other")
PLAN = Subject.plan("i1")

FILLED_TOPICS = {
    "add": [("topic", "alert")],
    "remove": [("topic", "other")],
    "subscribe": [("topic", PLAN)],
    "unsubscribe": [("other", PLAN)],
    "seen": {"topic": "alert"},
}
FILLED = {
    "expect": {CELL: b"v1"},
    "put": {CELL: b"value"},
    "renew": {"a1": (10, 30)},
    "drop": [OTHER_CELL],
    "count": {"received": 2},
    "agenda": {PLAN: (1_000, 5)},
    "shares": {Subject.deliver("chat", "i1"): Share.ENDS},
    "releases": [Release(Claim(PLAN, "token", 1_000), None)],
    "log": [LogEntry("i1", "opened", {})],
    "keep": [QuarantineEntry("q1", b"raw")],
    "events": {"i1|pager|1": b"{}"},
    "forget": ["q2"],
    "unschedule": [Subject.plan("i2")],
    "topics": Topics(**FILLED_TOPICS),
    "fence": "holder",
    "generation": 3,
    "grows": True,
}


@pytest.mark.parametrize("name", [field.name for field in fields(Changes)])
def test_every_field_of_changes_is_carried(name: str) -> None:
    """A field that is new has to be treated by `merge`, and to be filled above."""
    merged = Changes()
    merged.merge(Changes(**{name: FILLED[name]}))
    assert getattr(merged, name) == FILLED[name]
    assert getattr(merged, name) != getattr(Changes(), name)


@pytest.mark.parametrize("name", [field.name for field in fields(Changes)])
def test_every_field_that_was_there_stays(name: str) -> None:
    merged = Changes(**{name: FILLED[name]})
    merged.merge(Changes())
    assert getattr(merged, name) == FILLED[name]


@pytest.mark.parametrize("name", [field.name for field in fields(Topics)])
def test_every_field_of_topics_is_carried(name: str) -> None:
    merged = Topics()
    merged.merge(Topics(**{name: FILLED_TOPICS[name]}))
    assert getattr(merged, name) == FILLED_TOPICS[name]
    assert getattr(merged, name) != getattr(Topics(), name)


def test_counters_are_added_and_the_earlier_time_on_the_agenda_wins() -> None:
    merged = Changes(count={"received": 1, "ends_told": 1}, agenda={PLAN: (2_000, 5)})
    merged.merge(Changes(count={"received": 2}, agenda={PLAN: (1_000, 9)}))
    assert merged.count == {"received": 3, "ends_told": 1}
    assert merged.agenda == {PLAN: (1_000, 9)}


def test_what_rests_on_older_rules_makes_the_whole_rest_on_them() -> None:
    merged = Changes(generation=4)
    for generation in (5, None, 3):
        merged.merge(Changes(generation=generation))
    assert merged.generation == 3


def test_lists_are_joined() -> None:
    first, second = QuarantineEntry("q1", b"1"), QuarantineEntry("q2", b"2")
    merged = Changes(keep=[first], forget=["q3"], drop=[CELL])
    merged.merge(Changes(keep=[second], forget=["q4"], drop=[OTHER_CELL]))
    assert (merged.keep, merged.forget, merged.drop) == ([first, second], ["q3", "q4"], [CELL, OTHER_CELL])


CONFLICTS = [
    (Changes(expect={CELL: b"v1"}), Changes(expect={CELL: b"v2"}), "expect .* field='cell'"),
    (Changes(put={CELL: b"a"}), Changes(put={CELL: b"b"}), "put .* field='cell'"),
    (Changes(put={CELL: b"a"}), Changes(drop=[CELL]), "put and drop .* field='cell'"),
    (Changes(drop=[CELL]), Changes(put={CELL: b"a"}), "put and drop .* field='cell'"),
    (Changes(fence="ours"), Changes(fence="theirs"), "fences: ours and theirs"),
    (Changes(topics=Topics(seen={"t": "a"})), Changes(topics=Topics(seen={"t": ""})), "topics.seen .* t"),
]


@pytest.mark.parametrize(("ours", "theirs", "said"), CONFLICTS)
def test_what_contradicts_is_refused_and_named_and_nothing_is_half_merged(
    ours: Changes, theirs: Changes, said: str
) -> None:
    theirs.log.append(LogEntry("i1", "opened", {}))
    theirs.count["received"] = 1
    with pytest.raises(MergeConflict, match=said):
        ours.merge(theirs)
    assert (ours.log, ours.count) == ([], {})


def test_the_same_value_twice_is_no_conflict() -> None:
    ours = Changes(expect={CELL: b"v1"}, put={CELL: b"a"}, fence="ours", topics=Topics(seen={"t": ""}))
    ours.merge(Changes(expect={CELL: b"v1"}, put={CELL: b"a"}, fence="ours", topics=Topics(seen={"t": ""})))
    assert ours.put == {CELL: b"a"}


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

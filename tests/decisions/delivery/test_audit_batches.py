"""The audit trail is sent in batches: which comes next, how far a destination is, and when it is tried again."""

from __future__ import annotations

import pytest

from gateway.decisions.delivery.audit_batches import (
    LONGEST_BACKOFF_MS,
    SILENT_FAILURE_MS,
    after,
    is_delayed,
    next_batch,
    wait,
)
from gateway.model.audit_trail import MAX_BATCH_ENTRIES, LoggedEntry, Shipped, Stretch
from gateway.model.changes import LogEntry
from gateway.model.durations import SECOND
from gateway.model.ledger import MessageRef
from gateway.model.notification import Answer, Delivered, Refused, Unanswered
from tests.support.build import START

TAKEN = Delivered(MessageRef("1"))
TOO_LARGE = Refused("invalid")
NOBODY = frozenset[str]()


def stretch(count: int, *, first: int = 1, following: int = 0) -> Stretch:
    """The next `count` entries, after that many others; `first` is the oldest that is left."""
    entries = [
        LoggedEntry(f"{following + at}-0", START, LogEntry("i1", "verdicts", {}))
        for at in range(1, count + 1)
    ]
    return Stretch(tuple(entries), first, following + count)


def test_a_batch_is_named_by_its_shard_and_entries_so_that_it_is_the_same_again() -> None:
    batch = next_batch(Shipped(), stretch(3), "hook", 2, NOBODY)
    assert (batch.id, batch.destination, len(batch.entries), batch.lost) == ("log-2-1-0-3-0", "hook", 3, 0)


@pytest.mark.parametrize(
    ("shipped", "first", "lost"),
    [
        pytest.param(Shipped("5-0", 5), 6, 0, id="the next one is there"),
        pytest.param(Shipped("5-0", 5), 9, 3, id="three were cut off before they could be sent"),
        pytest.param(Shipped(), 9, 0, id="a destination that is new has lost nothing"),
        pytest.param(Shipped("99-0", 99), 9, 0, id="nor has one whose store was set back"),
    ],
)
def test_what_was_cut_off_the_log_is_counted(shipped: Shipped, first: int, lost: int) -> None:
    assert next_batch(shipped, stretch(2, first=first, following=first - 1), "hook", 0, NOBODY).lost == lost


def test_a_text_that_speaks_of_a_redacted_label_is_hidden() -> None:
    said = LogEntry("", "silenced", {"matchers": 'customer="acme"', "by": "ann", "count": 3})
    (entry,) = next_batch(
        Shipped(), Stretch((LoggedEntry("1-0", START, said),), 1, 1), "hook", 0, frozenset({"customer"})
    ).entries
    assert "acme" not in str(entry.entry.detail["matchers"])
    assert (entry.entry.detail["by"], entry.entry.detail["count"]) == ("ann", 3)


def test_what_is_taken_moves_on_and_ends_all_failing() -> None:
    before, ahead = Shipped("5-0", 5, most=10, attempts=4, failing_since=START), stretch(3, following=5)
    done = after(before, ahead, next_batch(before, ahead, "hook", 0, NOBODY), TAKEN, START)
    assert done == Shipped("8-0", 8, most=20)


@pytest.mark.parametrize(
    ("answer", "most"),
    [
        pytest.param(TOO_LARGE, 4, id="too large: half as many next time"),
        pytest.param(Refused("unavailable"), MAX_BATCH_ENTRIES, id="away: the same again"),
        pytest.param(
            Unanswered("timeout"), MAX_BATCH_ENTRIES, id="nobody knows: the same again, under the same name"
        ),
    ],
)
def test_what_is_not_taken_stays_where_it_is(answer: Answer, most: int) -> None:
    before, ahead = Shipped("5-0", 5), stretch(8, following=5)
    done = after(before, ahead, next_batch(before, ahead, "hook", 0, NOBODY), answer, START)
    assert (done.position, done.number, done.most, done.attempts, done.failing_since) == (
        "5-0",
        5,
        most,
        1,
        START,
    )


def test_a_single_entry_that_is_too_large_is_tried_alone() -> None:
    done = after(
        Shipped(most=1),
        stretch(1),
        next_batch(Shipped(most=1), stretch(1), "hook", 0, NOBODY),
        TOO_LARGE,
        START,
    )
    assert done.most == 1


@pytest.mark.parametrize(
    ("attempts", "answer", "milliseconds"),
    [
        pytest.param(0, TAKEN, 0, id="what was taken waits for nothing"),
        pytest.param(1, Refused("unavailable"), 2 * SECOND, id="the first wait is short"),
        pytest.param(60, Refused("unavailable"), LONGEST_BACKOFF_MS, id="no wait is longer than a minute"),
        pytest.param(
            1,
            Refused("rate_limited", retry_after=90 * SECOND),
            90 * SECOND,
            id="unless the receiver asks for it",
        ),
    ],
)
def test_how_long_it_waits(attempts: int, answer: Answer, milliseconds: int) -> None:
    assert wait(Shipped(attempts=attempts), answer) == milliseconds


@pytest.mark.parametrize(
    ("failing_since", "late"),
    [
        pytest.param(None, False, id="nothing fails"),
        pytest.param(START - SILENT_FAILURE_MS + 1, False, id="it has failed for a moment"),
        pytest.param(START - SILENT_FAILURE_MS, True, id="it has failed for two minutes"),
    ],
)
def test_a_failure_is_said_after_a_while(failing_since: int | None, late: bool) -> None:
    assert is_delayed(Shipped(failing_since=failing_since), START) is late

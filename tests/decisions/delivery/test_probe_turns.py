"""What shards tell each other of a destination that refuses everything."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from gateway.decisions.delivery.probe_turns import (
    KEEP_WORKING_MS,
    due_in_turn,
    follow,
    publish,
    take_turn,
)
from gateway.decisions.delivery.probes import PATIENCE_MS
from gateway.model.durations import MINUTE, SECOND
from gateway.model.refusals import NO_REFUSALS, Refusal, Refusals
from tests.support.build import START

NOW = START + MINUTE
CAUSE = "credential slack BOT"
REFUSAL = Refusal("credential", "auth", "token_revoked", ("BOT",), "mark", START, START, NOW)


def record(**changed: object) -> Refusals:
    return Refusals({CAUSE: replace(REFUSAL, **changed)})


@pytest.mark.parametrize(
    ("shared", "own", "after"),
    [
        pytest.param(NO_REFUSALS, record(), record(), id="nobody was refused there before"),
        pytest.param(record(), record(), record(), id="another shard was, too"),
        pytest.param(
            NO_REFUSALS, record(probe="i1|chat"), record(probe="2"), id="it asks, and nobody else knows"
        ),
        pytest.param(
            record(probe="2"), record(tries=1, next_try=NOW + MINUTE), record(tries=1, next_try=NOW + MINUTE),
            id="its question was answered in vain",
        ),
        pytest.param(
            record(probe="3"), record(tries=1), record(probe="3"), id="another shard asks since then"
        ),
        pytest.param(
            record(probe="2"), record(works=True), record(works=True, tried_at=NOW), id="it was taken"
        ),
        pytest.param(NO_REFUSALS, record(works=True), NO_REFUSALS, id="what works concerns nobody else"),
        pytest.param(
            record(works=True), record(since=START + SECOND), record(since=START + SECOND), id="it is refused anew"
        ),
        pytest.param(
            record(), record(probe="i1|chat", tried_at=NOW), record(probe="2", tried_at=NOW), id="a person has it ask"
        ),
        pytest.param(
            record(works=True, tried_at=NOW - KEEP_WORKING_MS - 1), NO_REFUSALS, NO_REFUSALS, id="it worked long ago"
        ),
    ],
)  # fmt: skip
def test_what_a_shard_tells_the_others(shared: Refusals, own: Refusals, after: Refusals) -> None:
    assert publish(shared, own, 2, NOW) == after


@pytest.mark.parametrize(
    ("own", "shared", "after"),
    [
        pytest.param(record(), NO_REFUSALS, record(), id="nobody else knows of it"),
        pytest.param(record(), record(works=True), record(works=True), id="it was taken in another shard"),
        pytest.param(
            record(since=START + 1), record(works=True), record(since=START + 1), id="it was refused here after that"
        ),
        pytest.param(
            record(since=START - 9), record(tries=2, tried_at=NOW, next_try=NOW + 9, probe="3"),
            record(since=START - 9, tries=2, tried_at=NOW, next_try=NOW + 9), id="another shard asks",
        ),
        pytest.param(
            record(probe="i1|chat"), record(tries=2, tried_at=NOW), record(probe="i1|chat"), id="it asks itself"
        ),
        pytest.param(record(tried_at=NOW), record(tries=2), record(tried_at=NOW), id="it has asked since"),
    ],
)  # fmt: skip
def test_what_a_shard_learns_from_the_others(own: Refusals, shared: Refusals, after: Refusals) -> None:
    assert follow(own, shared) == after


@pytest.mark.parametrize(
    ("shared", "may"),
    [
        pytest.param(NO_REFUSALS, True, id="it is the first to know"),
        pytest.param(record(), True, id="it is time"),
        pytest.param(record(probe="3", tried_at=NOW - SECOND), False, id="another shard asks"),
        pytest.param(record(probe="3", tried_at=NOW - PATIENCE_MS, next_try=NOW), True, id="which was killed"),
        pytest.param(record(tried_at=NOW - SECOND, next_try=NOW + MINUTE), False, id="another shard has just asked"),
        pytest.param(record(works=True), True, id="it works, so that nobody has to ask"),
    ],
)  # fmt: skip
def test_one_shard_asks_at_a_time(shared: Refusals, may: bool) -> None:
    assert (take_turn(shared, record(probe="i1|chat").causes, 2, NOW) is not None) is may


def test_whoever_has_the_turn_stands_in_the_shared_record() -> None:
    taken = take_turn(record(), record(probe="i1|chat", mark="new").causes, 2, NOW)
    assert taken == record(probe="2", tried_at=NOW, mark="new", earlier_marks=("mark",))


def test_a_credential_that_another_shard_has_tried_is_not_tried_again_at_once() -> None:
    shared = record(mark="new", tried_at=NOW, next_try=NOW + MINUTE)
    assert due_in_turn(shared, {CAUSE: "new"}, NOW + SECOND) == {}
    assert due_in_turn(shared, {CAUSE: "newer", "another": "m"}, NOW + SECOND) == {
        CAUSE: "newer",
        "another": "m",
    }

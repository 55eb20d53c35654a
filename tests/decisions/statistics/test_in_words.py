"""What the figures of a row say to people: each reason in plain words, and one of a thing is one."""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from gateway.decisions.statistics.in_words import IN_WORDS, row_in_words
from gateway.decisions.statistics.report import report
from gateway.model.durations import DAY
from gateway.model.statistics.history import History
from gateway.model.statistics.request import asked
from gateway.model.statistics.rows import Why


def row_of(**blocks: dict[str, Any]) -> dict[str, Any]:
    """Return the row of an empty history, with some fields of its blocks changed."""
    row = msgspec.to_builtins(report(History((), seed="seed"), asked(100 * DAY)).total)
    for name, changed in blocks.items():
        row[name] |= changed
    return dict(row)


def said(row: dict[str, Any]) -> str:
    return "\n".join(sentence.text for sentence in row_in_words(row))


def test_every_reason_has_words() -> None:
    assert set(IN_WORDS) == set(get_args(Why))


def test_a_verdict_that_too_few_answers_leave_undecided_says_so() -> None:
    sampled = {
        "value": 0.0, "lower": 0.0, "upper": 0.5, "clusters": 1, "verdict": "undecided",
        "because": {"verdict": "few_answered"},
    }  # fmt: skip
    words = said(row_of(precision_sampled=sampled))
    assert "undecided (fewer than 80 % of the sample have a person's label" in words
    assert "1 incident)" in words


def test_a_sample_of_which_no_page_was_drawn_is_not_said_to_be_of_no_pages() -> None:
    assert "precision of the sample – (there are no pages)" in said(row_of())
    assert "precision of the sample – (none of the pages was drawn)" in said(row_of(counts={"pages": 3}))


def test_one_failure_is_one() -> None:
    assert "1 failure;" in said(row_of(mtbf={"failures": 1, "services": 1}))


def test_what_is_forgotten_is_no_number() -> None:
    forgotten = row_of(labels={"labelled": None}, missed={"misses": None}, mtta={"acknowledged": None})
    assert "None" not in said(forgotten)

"""Which id is meant by its beginning."""

from __future__ import annotations

import click
import pytest

from gateway.cli.ids import MOST_NAMED, whole_id

KNOWN = {"3rx1": "Down · pay", "3rx9": "Slow · web", "3r": "", "abc": ""}


@pytest.mark.parametrize(
    ("begun", "meant"),
    [
        pytest.param("3rx1", "3rx1", id="the whole id"),
        pytest.param("a", "abc", id="the one that begins so"),
        pytest.param("3r", "3r", id="a whole id with which others begin"),
        pytest.param("x", "x", id="none, which the gateway refuses"),
    ],
)
def test_a_beginning_is_enough(begun: str, meant: str) -> None:
    assert whole_id(begun, KNOWN) == meant


def test_of_several_people_are_asked_which() -> None:
    with pytest.raises(
        click.UsageError, match=r"which\? 3rx1 \(Down · pay\), 3rx9 \(Slow · web\) begin with 3rx"
    ):
        whole_id("3rx", KNOWN)


def test_of_many_some_are_named() -> None:
    with pytest.raises(click.UsageError, match=r"a4, 35 more begin with a"):
        whole_id("a", {f"a{number}": "" for number in range(MOST_NAMED + 35)})

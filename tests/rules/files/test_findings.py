"""A finding is shown as editors show places, and a slip of the pen is guessed."""

from __future__ import annotations

import pytest

from gateway.rules.files.findings import Finding, Level, Place, nearest


@pytest.mark.parametrize(
    ("level", "line"),
    [
        pytest.param(Level.ERROR, "a.yaml:3:7: no such thing", id="an error needs no word for it"),
        pytest.param(Level.WARNING, "a.yaml:3:7: warning: no such thing", id="a warning says that it is one"),
    ],
)
def test_a_finding_is_one_line_that_begins_with_its_place(level: Level, line: str) -> None:
    assert str(Finding(level, Place("a.yaml", 3, 7), "no such thing")) == line


@pytest.mark.parametrize(
    ("name", "guess"),
    [
        pytest.param("rotues", "; did you mean `routes`?", id="two letters that changed places"),
        pytest.param("Routes", "; did you mean `routes`?", id="a capital"),
        pytest.param("silences", "", id="a word that is like none of them"),
        pytest.param("", "", id="nothing at all"),
    ],
)
def test_the_nearest_known_name_is_guessed_where_one_is_near(name: str, guess: str) -> None:
    assert nearest(name, ["routes", "labels"]) == guess

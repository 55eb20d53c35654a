"""What an alert says of itself, whatever its annotations are called."""

from __future__ import annotations

import pytest

from gateway.decisions.delivery.annotations import other_annotations, said_of, sentences_of
from gateway.model.rules.rulebook import LabelRules

RULES = LabelRules()


@pytest.mark.parametrize(
    ("annotations", "said"),
    [
        pytest.param({"summary": "s", "description": "d"}, ("s", "d"), id="summary and description"),
        pytest.param({"message": "m", "description": "d"}, ("m", "d"), id="a message is a summary"),
        pytest.param({"summary": "", "description": "d"}, ("d", ""), id="a description alone"),
        pytest.param({"summary": "s", "description": "s"}, ("s", ""), id="one text twice is said once"),
        pytest.param(
            {"title": "disk full", "host": "n7", "runbook_url": "https://r.example"},
            ("disk full", "host: n7"),
            id="a title leads what else there is",
        ),
        pytest.param({"value": "7", "unit": "ms"}, ("value: 7; unit: ms", ""), id="whatever there is"),
        pytest.param({"__dashboardUid__": "x"}, ("", ""), id="what is meant for programs is no text"),
        pytest.param({"values": "A=7"}, ("A=7", ""), id="the values of a rule that says nothing else"),
        pytest.param(
            {"summary": "s", "valueString": "[ A ]"}, ("s", "[ A ]"), id="and of one with a summary"
        ),
        pytest.param(
            {"summary": "s", "description": "d", "values": "A=7"},
            ("s", "d"),
            id="a description holds them already",
        ),
        pytest.param({"dashboardURL": "https://g.example"}, ("", ""), id="a sender's link is no text"),
        pytest.param({}, ("", ""), id="nothing"),
    ],
)
def test_summary_and_description(annotations: dict[str, str], said: tuple[str, str]) -> None:
    assert said_of(annotations, RULES) == said


def test_links_and_what_is_said_already_are_no_other_annotations() -> None:
    annotations = {"summary": "s", "runbook_url": "https://r.example", "owner": "db", "empty": ""}
    assert other_annotations(annotations, RULES) == {"owner": "db"}


def test_a_summary_that_stands_in_the_description_is_not_read_twice() -> None:
    assert sentences_of("Disk is full.", "Disk is full: 2 % left on n7") == ("Disk is full: 2 % left on n7",)
    assert sentences_of("Disk is full.", "2 % left on n7") == ("Disk is full.", "2 % left on n7")

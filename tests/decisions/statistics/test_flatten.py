"""A report as CSV has every figure, each in a column of its own."""

from __future__ import annotations

import csv
import io
import json
from random import Random

import msgspec
import pytest

from gateway.decisions.statistics.flatten import to_csv
from gateway.model.durations import DAY
from gateway.model.statistics.request import Viewer
from tests.decisions.statistics.build import START, Story
from tests.decisions.statistics.histories import random_story


def lines(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_lists_are_columns_by_their_index_or_name() -> None:
    (row, total) = lines(to_csv(random_story(Random(1), 5, 20, persons="all").report()))
    assert (row["part"], total["part"]) == ("row", "total")
    for column in (
        "load.by_hour.00",
        "corrected.strata.none.pages",
        "mtta.incidence.60.acknowledged",
        "precision.sums.aa_n",
    ):
        assert row[column]


def test_every_figure_of_the_json_is_in_the_csv() -> None:
    found = random_story(Random(2), 5, 20, persons="all").report()
    (row, _) = lines(to_csv(found))
    said = json.loads(msgspec.json.encode(found))["rows"][0]
    assert float(row["precision.lower"]) == said["precision"]["lower"]
    assert int(row["load.by_hour.13"]) == said["load"]["by_hour"][13]
    assert float(row["mtta.incidence.900.ended_before"]) == said["mtta"]["incidence"][2]["ended_before"]
    assert json.loads(row["labels.noise_reasons"]) == said["labels"]["noise_reasons"]
    assert json.loads(row["mttr.because"]) == said["mttr"]["because"]


def test_the_columns_are_the_same_whether_or_not_there_is_a_figure() -> None:
    full = random_story(Random(3), 5, 20, persons="all").report(
        by="service", as_of=START + 40 * DAY, viewer=Viewer(administers=True)
    )
    empty = Story().report()
    assert list(lines(to_csv(full))[0]) == list(lines(to_csv(empty))[0])


def test_what_is_not_there_is_empty() -> None:
    (row, _) = lines(to_csv(Story().report()))
    assert (row["key"], row["precision.value"], row["load.by_hour.07"], row["mttr.within_goal.lower"]) == (
        "",
        "",
        "",
        "",
    )
    assert (row["precision.n"], row["complete"], row["other_values"]) == ("0", "true", "0")


@pytest.mark.parametrize("name", ['a,b"c', "two\nlines", "Größe"])
def test_a_name_is_quoted(name: str) -> None:
    story = Story()
    story.page(0, alertname=name)
    assert lines(to_csv(story.report(by="alertname")))[0]["key"] == name

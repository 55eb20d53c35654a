"""The sections of a file are read into one set."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.rules.files import load_rules
from tests.support.rule_files import (
    NOW,
    SMALLEST,
    book,
    matchers,
    write,
)


def test_within_of_a_file_is_added_to_all_of_its_rules(tmp_path: Path) -> None:
    text = "within: ['team=\"pay\"']\nroutes:\n  - {name: r, match: ['x=\"1\"']}\ncorrelate:\n  - {name: c, match: ['y=\"1\"']}\n"
    rules = book(write(tmp_path, a=text, b="correlate:\n  - {name: other}\n"))
    assert rules.routes[0].match == matchers('team="pay"', 'x="1"')
    assert [one.match for one in rules.correlate] == [matchers('team="pay"', 'y="1"'), ()]


@pytest.mark.parametrize(
    ("section", "key"),
    [
        pytest.param("labels: {ignore: [pod]}\n", "labels", id="labels"),
        pytest.param("policy: {closed_by_hand: 1h}\n", "policy", id="the policy"),
        pytest.param("partition_by: [tenant]\n", "partition_by", id="what keeps partitions apart"),
    ],
)
def test_a_section_that_holds_for_the_whole_set_may_stand_in_one_file_alone(
    section: str, key: str, tmp_path: Path
) -> None:
    loaded = load_rules(write(tmp_path, a=section, b=section), NOW)
    assert [str(error) for error in loaded.errors] == [
        f"{tmp_path}/b.yaml:1:{section.index(': ') + 3}: `{key}` stands in {tmp_path}/a.yaml:1 already"
    ]


def test_the_rules_of_several_files_are_one_set(tmp_path: Path) -> None:
    more = "routes:\n  - {name: more, match: ['x=\"1\"'], parent: everything}\n"
    rules = book(write(tmp_path, a=SMALLEST, b=more))
    assert [route.name for route in rules.routes] == ["everything", "more"]

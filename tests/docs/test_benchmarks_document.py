"""docs/benchmarks.md says what `make bench` measures, and judges each figure by its goal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import goals
from tests.bench.__main__ import GOAL_CASES, OTHER_CASES
from tests.bench.goals import GOALS
from tests.bench.pairs import Spread
from tests.bench.published import BEGIN, DOCUMENT, END, rows, table, write

TEXT = DOCUMENT.read_text("utf-8")


def test_the_published_table_has_every_goal_and_judges_each_figure_by_it() -> None:
    assert TEXT.partition(BEGIN)[2].partition(END)[0] == table({})


@pytest.mark.parametrize("case", [*GOAL_CASES, *OTHER_CASES])
def test_every_case_is_described(case: str) -> None:
    assert f"`{case}`" in TEXT or f"`make bench ARGS={case}`" in TEXT


def test_a_measured_row_shows_what_was_published_before_and_leaves_the_others_alone(tmp_path: Path) -> None:
    document = tmp_path / "benchmarks.md"
    document.write_text(f"before\n{BEGIN}{END}after\n", "utf-8")
    write({goals.NEW: Spread(3.6231, 3.4, 3.8), goals.MEMORY: Spread(229.0, 229.0, 229.0)}, document)
    write({goals.NEW: Spread(1.1, 1.0, 1.2)}, document)
    published = rows(document)
    assert list(published) == [goal.row for goal in GOALS]
    assert published[goals.NEW.row][:4] == ["1.1 × (1 to 1.2)", "1.3 ×", "held", "3.62 ×"]
    assert published[goals.MEMORY.row][:4] == ["229 MiB", "213 MiB", "**missed**", "–"]
    assert published[goals.IDLE.row] == ["–", "0.4 % of a core", "–", "–", "–"]
    assert (document.read_text("utf-8")[:7], document.read_text("utf-8")[-6:]) == ("before\n", "after\n")

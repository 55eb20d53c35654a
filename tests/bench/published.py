"""The table of the goals in docs/benchmarks.md: read as what was published last, and written anew."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from pathlib import Path

from tests.bench.goals import GOALS, Goal
from tests.bench.pairs import Spread

DOCUMENT = Path(__file__).parents[2] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- goals -->\n", "<!-- end of the goals -->\n"
HEAD = "| | measured (lowest to highest) | goal | | published before | when |\n|---|---|---|---|---|---|\n"
NOTHING = "–"


def table(measured: Mapping[Goal, Spread], document: Path = DOCUMENT) -> str:
    """Return the whole table with what was measured; the rows of others stay as they were published."""
    published = rows(document)
    return HEAD + "".join(
        _row(goal, measured[goal], published.get(goal.row)) if goal in measured else _kept(goal, published)
        for goal in GOALS
    )


def write(measured: Mapping[Goal, Spread], document: Path = DOCUMENT) -> None:
    text = document.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    document.write_text(before + BEGIN + table(measured, document) + END + after, "utf-8")


def rows(document: Path = DOCUMENT) -> dict[str, list[str]]:
    """Return the cells of each published row by its name."""
    listed = document.read_text("utf-8").partition(BEGIN)[2].partition(END)[0].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in listed]
    return {name: rest for name, *rest in cells}


def verdict(goal: Goal, figure: float) -> str:
    return "held" if figure <= goal.at_most else "**missed**"


def three_digits(figure: float) -> str:
    return f"{figure:.3g}" if figure < 1000 else f"{figure:,.0f}"


def _row(goal: Goal, found: Spread, published: list[str] | None) -> str:
    measured = f"{three_digits(found.median)} {goal.unit}"
    if found.low != found.high:
        measured += f" ({three_digits(found.low)} to {three_digits(found.high)})"
    before = re.sub(r" \(.*\)", "", published[0]) if published else NOTHING
    day = time.strftime("%Y-%m-%d", time.gmtime())
    return _line(goal, measured, verdict(goal, found.median), before, day)


def _kept(goal: Goal, published: Mapping[str, list[str]]) -> str:
    measured, _, _, before, day = published.get(goal.row, [NOTHING] * 5)
    figure = re.match(r"[\d.,]+", measured)
    judged = verdict(goal, float(figure[0].replace(",", ""))) if figure else NOTHING
    return _line(goal, measured, judged, before, day)


def _line(goal: Goal, measured: str, judged: str, before: str, day: str) -> str:
    return f"| {goal.row} | {measured} | {goal.at_most:g} {goal.unit} | {judged} | {before} | {day} |\n"

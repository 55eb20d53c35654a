"""The table in docs/reliability.md: a row for each kind, exchanged when the kind was run again."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.figures import Figures, Goals, Late
from tests.chaos.kind import Kind

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- scorecard -->\n", "<!-- end of the scorecard -->\n"
HEAD = """| kind | what is done | alerts | lost, doubled, ends owed, residue | page: p50 / p99 / max | Slack: p50 / p99 / max | webhook taken after, at most | goal for the longest | | when, under what load |
|---|---|---|---|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Result:
    """What became of a kind: figures, or why there are none."""

    kind: Kind
    figures: Figures | None
    why: str = ""
    skipped: bool = False
    load: float = 0.0  # how many processes wanted a core, on average

    @property
    def held(self) -> bool:
        return self.skipped or (self.figures is not None and not self.figures.missed(self.kind.goals))

    @property
    def verdict(self) -> str:
        if self.skipped:
            return f"not run: {self.why}"
        if self.figures is None:
            return f"**broke**: {self.why}"
        missed = self.figures.missed(self.kind.goals)
        return f"**missed**: {'; '.join(missed)}" if missed else "held"


def row(result: Result, day: str, cores: int) -> str:
    kind, figures = result.kind, result.figures
    if figures is None:
        measured = ["–", "–", "–", "–", "–"]
    else:
        counts = f"{figures.lost}, {figures.doubled}, {figures.owed}, {figures.residue}"
        measured = [str(figures.alerts), counts, said(figures.page), said(figures.message), f"{figures.webhook:.1f} s"]  # fmt: skip
    cells = [
        f"`{kind.name}`",
        kind.done,
        *measured,
        goal(kind.goals),
        result.verdict,
        f"{day}, {result.load:.1f} on {cores} cores",
    ]
    return f"| {' | '.join(cell.replace('|', '/').replace(chr(10), ' ') for cell in cells)} |\n"


def said(late: Late) -> str:
    values = (late.p50, late.p99, late.longest)
    return "–" if None in values else " / ".join(f"{value:.1f}" for value in values) + " s"


def goal(goals: Goals) -> str:
    parts = {"page": goals.page, "Slack": goals.message, "webhook": goals.webhook}
    return ", ".join(f"{what} {seconds:g} s" for what, seconds in parts.items() if seconds is not None) or "–"


def write(results: list[Result], order: list[str], document: Path = DOCUMENT) -> None:
    """Exchange the rows of these kinds; the rows of others stay, in the order of all kinds."""
    text = document.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    table, _, after = rest.partition(END)
    rows = {line.split("`")[1]: line for line in table.splitlines(keepends=True) if line.startswith("| `")}
    day = time.strftime("%Y-%m-%d", time.gmtime())
    rows |= {result.kind.name: row(result, day, os.cpu_count() or 1) for result in results}
    listed = "".join(rows[name] for name in order if name in rows)
    document.write_text(before + BEGIN + HEAD + listed + END + after, "utf-8")

from __future__ import annotations

from pathlib import Path

from tests.chaos.figures import Figures, Goals, Late
from tests.chaos.kinds import KINDS
from tests.chaos.scorecard import BEGIN, DOCUMENT, END, Result, write

WELL = Figures(alerts=4, lost=0, doubled=0, owed=0, residue=0, page=Late(0.1, 0.2, 4.0))
ORDER = list(KINDS)


def listed(document: Path) -> list[str]:
    return [line.split("`")[1] for line in document.read_text("utf-8").splitlines() if line.startswith("| `")]


def test_a_kind_that_is_run_again_has_its_row_exchanged_and_leaves_the_others_alone(tmp_path: Path) -> None:
    document = tmp_path / "reliability.md"
    document.write_text(f"before\n{BEGIN}{END}after\n", "utf-8")
    first, second = (KINDS[name] for name in ORDER[:2])
    write([Result(second, WELL)], ORDER, document)
    write([Result(first, None, "it did not start")], ORDER, document)
    write([Result(first, WELL)], ORDER, document)
    text = document.read_text("utf-8")
    assert listed(document) == ORDER[:2]
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "it did not start" not in text


def test_what_misses_its_goal_is_said_so_in_its_row() -> None:
    lost = Figures(alerts=4, lost=1, doubled=0, owed=2, residue=0, page=Late(0.1, 0.2, 6.0))
    assert lost.missed(Goals()) == ["1 lost", "2 ends owed", "page after 6.0 s, goal 5 s"]
    assert Figures(alerts=4, lost=0, doubled=0, owed=0, residue=0, page=Late(1, 2, 6)).missed(
        Goals(page=None)
    ) == []  # fmt: skip


def test_nothing_measured_is_no_lateness() -> None:
    assert Late.among([]) == Late(None, None, None)
    assert Late.among([3.0, 1.0, 2.0]) == Late(2.0, 3.0, 3.0)


def test_every_row_of_the_document_is_of_a_kind_that_there_is() -> None:
    rows = listed(DOCUMENT)
    assert rows == [name for name in ORDER if name in rows]

"""Lines for people: nothing of a silence is taken for markup, and what nobody has approved looks so."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.cli import output

SILENCE: dict[str, Any] = {
    "id": "s1",
    "state": "active",
    "ends_at": None,
    "by": "ann",
    "matchers": ["pod=~[a-z]+"],
    "ticket": "",
    "reason": "[red]",
    "needs_approval": False,
    "approved_by": "",
    "ended_by": "",
}


def test_an_instant_is_shown_to_the_second_and_never_is_empty() -> None:
    assert output.to_the_second("2026-11-23T10:00:00.123456Z") == "2026-11-23T10:00:00Z"
    assert output.to_the_second(None) == ""


def test_matchers_in_a_table_of_silences_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    output.show_silences({"items": [SILENCE]})
    printed = capsys.readouterr().out
    assert "pod=~[a-z]+" in printed
    assert "[red]" in printed


def test_a_silence_that_nobody_has_approved_looks_otherwise_than_one_that_holds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output.show_silences({"items": [SILENCE, {**SILENCE, "id": "s2", "needs_approval": True}]})
    lines = capsys.readouterr().out.splitlines()
    assert ("unapproved" in lines[1], "active, unapproved" in lines[2]) == (False, True)
    output.show_silence({**SILENCE, "needs_approval": True})
    assert "until a second person approves it: gateway silence approve s1" in capsys.readouterr().out

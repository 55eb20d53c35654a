"""Lines for people: nothing of a silence is taken for markup, and what nobody has approved looks so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
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


def test_no_name_of_a_person_breaks_a_list_or_is_changed_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    """A closing tag that nothing opened ends rich with an error, and `:fire:` becomes an emoji."""
    odd = {**SILENCE, "by": "ann [/x]", "ticket": "OPS:fire:", "reason": "[bold]disk[/bold]"}
    output.show_silences({"items": [odd]})
    output.show_silence({**odd, "ended_by": "bob [/y]"})
    printed = capsys.readouterr().out
    for written in ("ann [/x]", "OPS:fire:", "[bold]disk[/bold]", "ended by bob [/y]"):
        assert written in printed


def test_a_silence_that_nobody_has_approved_looks_otherwise_than_one_that_holds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output.show_silences({"items": [SILENCE, {**SILENCE, "id": "s2", "needs_approval": True}]})
    lines = capsys.readouterr().out.splitlines()
    assert ("unapproved" in lines[1], "active, unapproved" in lines[2]) == (False, True)
    output.show_silence({**SILENCE, "needs_approval": True})
    assert "until a second person approves it: gateway silence approve s1" in capsys.readouterr().out


def test_a_table_of_silences_breaks_between_matchers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output.out, "width", 80)
    matchers = ['alertname="Disk is full"', 'service="cart"', 'namespace="checkout"']
    why = {"by": "ann.of.the.team@example.org", "reason": "a long reason of many words that has to be folded"}
    output.show_silences({"items": [{**SILENCE, "matchers": matchers, **why}]})
    printed = capsys.readouterr().out
    assert all(matcher in printed for matcher in matchers)
    assert max(map(len, printed.splitlines())) <= 80


@pytest.mark.parametrize(("variables", "width"), [({"COLUMNS": "80"}, 80), ({}, 200)])
def test_into_a_pipe_a_table_is_as_wide_as_columns_says_and_nothing_is_cut_off(
    variables: dict[str, str], width: int
) -> None:
    matcher = 'pod=~"' + "|".join(f"payments-{number}" for number in range(30)) + '"'
    shown = json.dumps({"items": [{**SILENCE, "matchers": [matcher], "by": "a.long.name@team.example"}]})
    code = f"import json; from gateway.cli.output import show_silences; show_silences(json.loads({shown!r}))"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2]), **variables}
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment
    )
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= width
    column = lines[0].index("matchers"), lines[0].index("why")
    assert "".join(line[slice(*column)].strip() for line in lines[1:]) == matcher

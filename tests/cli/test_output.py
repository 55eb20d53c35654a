"""Tables and lines for people: nothing of an alert is taken for markup, and a long list says how much is left
out.
"""

from __future__ import annotations

from typing import Any

import click
import pytest

from gateway.cli import output

INCIDENT: dict[str, Any] = {
    "id": "i1",
    "state": "open",
    "severity": "critical",
    "title": "Down [bold]",
    "opened_at": "2026-11-23T10:00:00.123456Z",
    "firing": 2,
    "members": 2,
    "correlated_by": "service",
}


def alert(number: int) -> dict[str, Any]:
    return {"id": f"a{number}", "firing": True, "labels": {"alertname": "Down", "pod": f"p{number}"}}


def verdict(alert: str, **more: str | None) -> dict[str, Any]:
    return {"alert": alert, "target": "chat", "standing": "told", "reason": "told", "rule": "", "because": "", "until": None, **more}  # fmt: skip


def test_an_instant_is_shown_to_the_second_and_never_is_empty() -> None:
    assert output.to_the_second("2026-11-23T10:00:00.123456Z") == "2026-11-23T10:00:00Z"
    assert output.to_the_second(None) == ""


def test_a_title_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    output.show_incidents(INCIDENT)
    assert "Down [bold]" in capsys.readouterr().out


def test_an_alert_is_shown_by_the_labels_that_not_all_share_and_why_it_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    held = verdict("a2", target=None, standing="held", until="2026-11-23T10:05:00.5Z", because="Root fires")
    output.show_incidents({**INCIDENT, "alerts": [alert(1), alert(2)], "verdicts": [verdict("a1"), held]})
    lines = capsys.readouterr().out.splitlines()
    assert lines[-4:] == [
        "  pod=p1: fires",
        "    chat: told, told: ",
        "  pod=p2: fires",
        "    (nobody): held, told: , Root fires, until 2026-11-23T10:05:00Z",
    ]


def test_alerts_beyond_the_bound_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    alerts = [alert(number) for number in range(output.MAX_ALERTS_SHOWN + 3)]
    output.show_incidents({**INCIDENT, "alerts": alerts, "verdicts": []})
    assert "… and 3 more: `--json` has them all" in capsys.readouterr().out


def test_matchers_in_a_table_of_silences_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    silence = {"id": "s1", "state": "active", "ends_at": None, "by": "ann", "matchers": ["pod=~[a-z]+"], "ticket": "", "reason": "[red]"}  # fmt: skip
    output.show_silences({"items": [silence]})
    printed = capsys.readouterr().out
    assert "pod=~[a-z]+" in printed
    assert "[red]" in printed


@pytest.mark.parametrize("answer", [{}, {"items": [{"id": "x"}]}, {"items": 5}])
def test_what_no_gateway_would_answer_is_said_to_be_no_gateways(answer: dict[str, Any]) -> None:
    with pytest.raises(click.ClickException, match="is GATEWAY_URL right"):
        output.show_incidents(answer)

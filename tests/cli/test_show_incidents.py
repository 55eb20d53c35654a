"""Incidents fit into 80 columns, say what keeps them from people, and nothing of an alert is taken for markup."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import click
import pytest
from rich.console import Console

from gateway.cli import show_incidents as show
from gateway.clock import utc_now
from tests.support.answers import INCIDENT


@pytest.mark.parametrize("answer", [{}, {"items": [{"id": "x"}]}, {"items": 5}])
def test_what_no_gateway_would_answer_is_said_to_be_no_gateways(answer: dict[str, Any]) -> None:
    with pytest.raises(click.ClickException, match="is GATEWAY_URL right"):
        show.show_incidents(answer)


def listed(
    monkeypatch: pytest.MonkeyPatch, *incidents: dict[str, Any], width: int = 80, colour: bool = False
) -> list[str]:
    """What a terminal of this width shows of a list of incidents, its heading left out."""
    console = Console(
        width=width, force_terminal=colour, color_system="standard" if colour else None, soft_wrap=True
    )
    monkeypatch.setattr(show, "out", console)
    opened_at = (utc_now() - timedelta(minutes=12, seconds=5)).isoformat()
    with console.capture() as captured:
        show.show_incidents({"items": [{**INCIDENT, "opened_at": opened_at, **more} for more in incidents]})
    return captured.get().splitlines()[1:]


LONG = {
    "id": "3rx1eh7gj8rt",
    "title": "KubePersistentVolumeFillingUp ×3 · monitoring/prometheus-k8s-db-prometheus-k8s-0…2",
    "where": "prod-eu-central-1 › monitoring",
}


@pytest.mark.parametrize("width", [80, 100, 200])
def test_no_line_is_wider_than_the_terminal_and_nothing_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    lines = listed(
        monkeypatch,
        LONG,
        {"state": "closed_by_hand", "closed": {"by": "a.very.long@name.example", "note": ""}},
        width=width,
    )
    assert max(map(len, lines)) <= width
    words = "".join(lines).replace(" ", "")
    assert LONG["title"].replace(" ", "") in words
    assert LONG["where"].replace(" ", "") in words


def test_a_row_says_which_incident_how_bad_how_old_what_and_where(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = listed(monkeypatch, {"title": "Down · shop/cart"})
    assert first.split() == ["i1", "open", "critical", "12m", "Down", "·", "shop/cart"]
    assert second.split() == ["prod-eu", "›", "shop"]


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ({"standing": "suppressed", "reason": "silenced"}, "SILENCED"),
        ({"standing": "told", "reason": "silenced"}, "SILENCED"),
        ({"standing": "suppressed", "reason": "muted"}, "MUTED"),
        ({"standing": "told", "reason": "log_only"}, "LOG ONLY"),
        ({"standing": "held", "reason": "group_wait"}, "HELD"),
        ({"standing": "undeliverable", "reason": "dead_letter"}, "UNDELIVERABLE"),
        ({"standing": "suppressed", "reason": "page_when"}, "open"),
        ({"state": "quiet", "standing": "", "reason": ""}, "quiet"),
        ({"state": "acknowledged", "acknowledged": {"by": "ann", "at": None}}, "has ann"),
        (
            {"state": "acknowledged", "acknowledged": {"by": "ann", "at": None}, "reason": "silenced"},
            "SILENCED",
        ),
        (
            {"state": "closed_by_hand", "closed": {"by": "bob", "note": ""}, "reason": "closed_by_hand"},
            "closed bob",
        ),
    ],
)
def test_what_keeps_an_incident_from_people_and_who_has_it_is_seen(
    monkeypatch: pytest.MonkeyPatch, more: dict[str, Any], state: str
) -> None:
    assert f" {state} " in listed(monkeypatch, more)[0]


def test_on_a_terminal_what_is_worst_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = listed(monkeypatch, {}, {"severity": "warning"}, colour=True)
    assert "\x1b[1;31mcritical" in lines[0]
    assert "\x1b[33mwarning" in lines[2]


def test_a_title_in_the_list_is_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Down [bold]" in listed(monkeypatch, {})[0]


def test_a_list_has_the_worst_first_then_the_oldest_and_what_has_ended_last(
    capsys: pytest.CaptureFixture[str],
) -> None:
    listed = (
        ("ended", "resolved", "critical", 1),
        ("newer", "open", "critical", 3),
        ("mild", "open", "warning", 1),
        ("older", "acknowledged", "critical", 2),
    )
    items = [
        {
            **INCIDENT,
            "id": name,
            "state": state,
            "severity": severity,
            "opened_at": f"2026-11-23T1{hour}:00:00Z",
            "acknowledged": {"by": "ann"},
        }
        for name, state, severity, hour in listed
    ]
    show.show_incidents({"items": items})
    lines = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line[0] != " "]
    assert lines == ["incident", "older", "newer", "mild", "ended"]


def test_one_incident_is_shown_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    show.show_incidents(INCIDENT)
    assert capsys.readouterr().out.startswith("i1  open  critical  Down [bold]\nprod-eu › shop, ")


def test_a_place_that_the_title_says_already_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    show.show_incidents({"items": [{**INCIDENT, "title": "Down · pay", "where": "pay"}]})
    assert capsys.readouterr().out.count("pay") == 1

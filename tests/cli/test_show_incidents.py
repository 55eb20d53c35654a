"""Incidents fit into 80 columns, say what keeps them from people, and nothing of an alert is taken for markup."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import click
import pytest
from rich.console import Console

from gateway.cli import show_incidents as show
from gateway.clock import utc_now

INCIDENT: dict[str, Any] = {
    "id": "i1",
    "state": "open",
    "severity": "critical",
    "title": "Down [bold]",
    "opened_at": "2026-11-23T10:00:00.123456Z",
    "firing": 2,
    "members": 2,
    "correlated_by": "service",
    "where": "prod-eu › shop",
    "standing": "told",
    "reason": "delivered",
    "acknowledged": None,
    "closed": None,
}


def alert(number: int) -> dict[str, Any]:
    return {"id": f"a{number}", "firing": True, "labels": {"alertname": "Down", "pod": f"p{number}"}}


def verdict(alert: str, **more: str | None) -> dict[str, Any]:
    return {"alert": alert, "target": "chat", "standing": "told", "reason": "told", "rule": "", "because": "", "until": None, **more}  # fmt: skip


def test_a_title_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    show.show_incidents(INCIDENT)
    assert "Down [bold]" in capsys.readouterr().out


def test_an_alert_is_shown_by_the_labels_that_not_all_share_and_why_it_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    held = verdict("a2", target=None, standing="held", until="2026-11-23T10:05:00.5Z", because="Root fires")
    show.show_incidents({**INCIDENT, "alerts": [alert(1), alert(2)], "verdicts": [verdict("a1"), held]})
    lines = capsys.readouterr().out.splitlines()
    assert lines[-4:] == [
        "  pod=p1: fires",
        "    chat: told, told: ",
        "  pod=p2: fires",
        "    (nobody): held, told: , Root fires, until 2026-11-23T10:05:00Z",
    ]


def test_what_only_the_log_was_told_is_never_called_delivered(capsys: pytest.CaptureFixture[str]) -> None:
    logged = verdict("a1", target="pager", reason="log_only", because="PAGERDUTY_ROUTING_KEY is not set")
    ledger = {
        "target": "pager",
        "told": "firing",
        "told_at": "2026-11-23T10:00:00Z",
        "error": None,
        "log_only": "PAGERDUTY_ROUTING_KEY",
    }
    page = {
        **INCIDENT,
        "reason": "log_only",
        "ledgers": [ledger],
        "alerts": [alert(1)],
        "verdicts": [logged],
    }
    show.show_incidents(page)
    shown = capsys.readouterr().out
    assert "firing in the log only at 2026-11-23T10:00:00Z: PAGERDUTY_ROUTING_KEY is not set" in shown
    assert "pager: nobody was told, log_only: , PAGERDUTY_ROUTING_KEY is not set" in shown
    show.show_incidents({"items": [page]})
    assert "LOG ONLY" in capsys.readouterr().out


def test_the_page_of_one_begins_with_the_word_of_the_list_and_says_what_was_told_before(
    capsys: pytest.CaptureFixture[str],
) -> None:
    quiet = verdict("a1", standing="told", reason="silenced", rule="ann")
    page = {**INCIDENT, "reason": "silenced", "alerts": [alert(1)], "verdicts": [quiet]}
    show.show_incidents(page)
    shown = capsys.readouterr().out
    assert shown.startswith("i1  SILENCED  critical  Down")
    assert "chat: told before, silenced now: ann" in shown


def test_alerts_beyond_the_bound_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    alerts = [alert(number) for number in range(show.MAX_ALERTS_SHOWN + 3)]
    show.show_incidents({**INCIDENT, "alerts": alerts, "verdicts": []})
    assert "… and 3 more: `--json` has them all" in capsys.readouterr().out


@pytest.mark.parametrize("answer", [{}, {"items": [{"id": "x"}]}, {"items": 5}])
def test_what_no_gateway_would_answer_is_said_to_be_no_gateways(answer: dict[str, Any]) -> None:
    with pytest.raises(click.ClickException, match="is GATEWAY_URL right"):
        show.show_incidents(answer)


# The list


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


# One incident


def test_what_is_broken_and_what_to_do_stand_first_once_each(capsys: pytest.CaptureFixture[str]) -> None:
    texts = {"summary": "Half of all payments fail", "runbook_url": "https://runbooks.example/pay"}
    alerts = [{**alert(number), "annotations": texts} for number in (1, 2)]
    others = [
        {**alert(number), "annotations": {"description": f"disk {number} is full"}} for number in (3, 4, 5)
    ]
    show.show_incidents({**INCIDENT, "alerts": [*alerts, *others], "verdicts": []})
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:6] == [
        "Half of all payments fail",
        "disk 3 is full",
        "disk 4 is full",
        "… and 1 more sentences: `--json` has them all",
        "runbook: https://runbooks.example/pay",
    ]


def test_what_nobody_has_says_how_to_take_it(capsys: pytest.CaptureFixture[str]) -> None:
    show.show_incidents(INCIDENT)
    assert "nobody has it; `gateway incidents i1 --ack` says that you do" in capsys.readouterr().out


def test_since_when_it_goes_on_and_from_when_to_when_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    ten_minutes_ago = (utc_now() - timedelta(minutes=10, seconds=3)).isoformat()
    show.show_incidents({**INCIDENT, "opened_at": ten_minutes_ago})
    assert " (10m), 2 of 2 firing" in capsys.readouterr().out
    show.show_incidents({**INCIDENT, "state": "resolved", "resolved_at": "2026-11-23T10:08:00.1Z"})
    out = capsys.readouterr().out
    assert "from 2026-11-23T10:00:00Z to 2026-11-23T10:08:00Z, " in out
    assert "nobody has it" not in out


def test_what_each_target_was_told_last_and_when_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    told = {"target": "chat", "told": "firing", "told_at": "2026-11-23T10:00:01.5Z", "error": None}
    untold = {"target": "pager", "told": "none", "told_at": None, "error": "HTTP 503"}
    show.show_incidents({**INCIDENT, "ledgers": [told, untold]})
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()[-2:]]
    assert lines == [
        ["chat", "told firing at 2026-11-23T10:00:01Z"],
        ["pager", "told nothing yet  HTTP 503"],
    ]


def test_who_has_it_and_with_what_note_it_was_closed_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    closed = {"by": "bob", "at": None, "until": "2026-11-23T11:00:00Z", "note": "known, OPS-7"}
    show.show_incidents(
        {**INCIDENT, "acknowledged": {"by": "ann", "at": "2026-11-23T10:01:00Z"}, "closed": closed}
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines[2:4] == [  # nobody is asked to take what somebody has
        "acknowledged by ann at 2026-11-23T10:01:00Z",
        "closed by bob until 2026-11-23T11:00:00Z: known, OPS-7",
    ]


def test_lives_that_are_counted_and_no_longer_listed_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    lives = {"alert": "a1", "count": 2801, "first_started_at": "2026-11-23T10:00:00Z", "fired_seconds": 7200}
    show.show_incidents({**INCIDENT, "earlier_lives": [lives], "alerts": [alert(1)], "verdicts": []})
    assert "before these it fired 2801 times since 2026-11-23T10:00:00Z, 2h in all" in capsys.readouterr().out


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


def test_a_place_that_the_title_says_already_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    show.show_incidents({"items": [{**INCIDENT, "title": "Down · pay", "where": "pay"}]})
    assert capsys.readouterr().out.count("pay") == 1

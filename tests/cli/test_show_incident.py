"""One incident is shown with what is broken, who has it and who was told, and nothing of an alert is taken for
markup.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway.cli.show_incident import MAX_ALERTS_SHOWN, print_incident
from gateway.clock import utc_now
from tests.support.answers import INCIDENT


def alert(number: int) -> dict[str, Any]:
    return {"id": f"a{number}", "firing": True, "labels": {"alertname": "Down", "pod": f"p{number}"}}


def verdict(alert: str, **more: str | None) -> dict[str, Any]:
    return {"alert": alert, "target": "chat", "standing": "told", "reason": "told", "rule": "", "because": "", "until": None, **more}  # fmt: skip


def test_a_title_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    print_incident(INCIDENT)
    assert "Down [bold]" in capsys.readouterr().out


def test_an_alert_is_shown_by_the_labels_that_not_all_share_and_why_it_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    held = verdict("a2", target=None, standing="held", until="2026-11-23T10:05:00.5Z", because="Root fires")
    print_incident({**INCIDENT, "alerts": [alert(1), alert(2)], "verdicts": [verdict("a1"), held]})
    lines = capsys.readouterr().out.splitlines()
    assert lines[-4:] == [
        "  pod=p1: fires",
        "    chat: told, told: ",
        "  pod=p2: fires",
        "    (nobody): held, told: , Root fires, until 2026-11-23T10:05:00Z",
    ]


def test_what_is_due_says_since_when(capsys: pytest.CaptureFixture[str]) -> None:
    due = verdict("a1", standing="due", reason="waiting_to_send", until="2026-11-23T10:05:00.5Z")
    print_incident({**INCIDENT, "alerts": [alert(1)], "verdicts": [due]})
    assert "chat: due, waiting_to_send: , since 2026-11-23T10:05:00Z" in capsys.readouterr().out


def test_the_page_of_one_begins_with_the_word_of_the_list_and_says_what_was_told_before(
    capsys: pytest.CaptureFixture[str],
) -> None:
    quiet = verdict("a1", standing="told", reason="silenced", rule="ann")
    page = {**INCIDENT, "reason": "silenced", "alerts": [alert(1)], "verdicts": [quiet]}
    print_incident(page)
    shown = capsys.readouterr().out
    assert shown.startswith("i1  SILENCED  critical  Down")
    assert "chat: told before, silenced now: ann" in shown


def test_alerts_beyond_the_bound_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    alerts = [alert(number) for number in range(MAX_ALERTS_SHOWN + 3)]
    print_incident({**INCIDENT, "alerts": alerts, "verdicts": []})
    assert "… and 3 more: `--json` has them all" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "rest"),
    [
        pytest.param((), "1 more sentence", id="one more"),
        pytest.param((6,), "2 more sentences", id="two more"),
    ],
)
def test_what_is_broken_and_what_to_do_stand_first_once_each(
    more: tuple[int, ...], rest: str, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = {"summary": "Half of all payments fail", "runbook_url": "https://runbooks.example/pay"}
    alerts = [{**alert(number), "annotations": texts} for number in (1, 2)]
    others = [
        {**alert(number), "annotations": {"description": f"disk {number} is full"}}
        for number in (3, 4, 5, *more)
    ]
    print_incident({**INCIDENT, "alerts": [*alerts, *others], "verdicts": []})
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:6] == [
        "Half of all payments fail",
        "disk 3 is full",
        "disk 4 is full",
        f"… and {rest}: `--json` has them all",
        "runbook: https://runbooks.example/pay",
    ]


@pytest.mark.parametrize(
    ("alerts", "line"),
    [
        pytest.param([alert(1), alert(1)], "since 2026-11-23T10:00:00Z", id="one alert has none"),
        pytest.param(
            [alert(1), alert(2)], "in several places, since 2026-11-23T10:00:00Z", id="two share none"
        ),
    ],
)
def test_several_places_are_those_of_several_alerts(
    alerts: list[dict[str, Any]], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_incident({**INCIDENT, "where": "", "alerts": alerts, "verdicts": []})
    assert capsys.readouterr().out.splitlines()[1].startswith(line)


def test_what_nobody_has_says_how_to_take_it(capsys: pytest.CaptureFixture[str]) -> None:
    print_incident(INCIDENT)
    assert "nobody has it; `gateway incidents i1 --ack` says that you do" in capsys.readouterr().out


def test_since_when_it_goes_on_and_from_when_to_when_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    ten_minutes_ago = (utc_now() - timedelta(minutes=10, seconds=3)).isoformat()
    print_incident({**INCIDENT, "opened_at": ten_minutes_ago})
    assert " (10m), 2 of 2 firing" in capsys.readouterr().out
    print_incident({**INCIDENT, "state": "resolved", "resolved_at": "2026-11-23T10:08:00.1Z"})
    out = capsys.readouterr().out
    assert "from 2026-11-23T10:00:00Z to 2026-11-23T10:08:00Z, " in out
    assert "nobody has it" not in out


def test_what_each_target_was_told_last_and_when_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    at = "2026-11-23T10:00:01.5Z"
    told = {"target": "chat", "told": "firing", "told_at": at, "first_told_at": at, "error": None}
    perhaps = {**told, "target": "spare", "told_at": None, "first_told_at": None, "error": "server_error"}
    untold = {"target": "pager", "told": "none", "told_at": None, "error": "HTTP 503"}
    print_incident({**INCIDENT, "ledgers": [told, untold, perhaps]})
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()[-3:]]
    assert lines == [
        ["chat", "told firing at 2026-11-23T10:00:01Z"],
        ["pager", "told nothing yet  HTTP 503"],
        ["spare", "may have been told firing, without an answer  server_error"],
    ]


def test_who_has_it_and_with_what_note_it_was_closed_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    closed = {"by": "bob", "at": None, "until": "2026-11-23T11:00:00Z", "note": "known, OPS-7"}
    print_incident(
        {**INCIDENT, "acknowledged": {"by": "ann", "at": "2026-11-23T10:01:00Z"}, "closed": closed}
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines[2:4] == [  # nobody is asked to take what somebody has
        "acknowledged by ann at 2026-11-23T10:01:00Z",
        "closed by bob until 2026-11-23T11:00:00Z: known, OPS-7",
    ]


def test_lives_that_are_counted_and_no_longer_listed_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    lives = {"alert": "a1", "count": 2801, "first_started_at": "2026-11-23T10:00:00Z", "fired_seconds": 7200}
    print_incident({**INCIDENT, "earlier_lives": [lives], "alerts": [alert(1)], "verdicts": []})
    assert "before these it fired 2801 times since 2026-11-23T10:00:00Z, 2h in all" in capsys.readouterr().out


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
    print_incident(page)
    shown = capsys.readouterr().out
    assert "firing in the log only at 2026-11-23T10:00:00Z: PAGERDUTY_ROUTING_KEY is not set" in shown
    assert "pager: nobody was told, log_only: , PAGERDUTY_ROUTING_KEY is not set" in shown

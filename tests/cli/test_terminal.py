"""Nothing that a stranger wrote acts on the terminal of whoever asks: only colours of our own reach it."""

from __future__ import annotations

import re

import pytest

from gateway.cli.output import HarmlessConsole, list_of, say, text
from tests.support.command_line import RULES, Beside, Gateway, written
from tests.support.processes import alert

ACTS = "\x1b]0;owned\x07\x1b[8m\u2067\x9b2J\r"
ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


def test_the_console_writes_its_own_colours_and_nobody_elses(capsys: pytest.CaptureFixture[str]) -> None:
    console = HarmlessConsole(force_terminal=True, color_system="standard", soft_wrap=True, markup=False)
    table = list_of("a", "b", folded=["b"])
    table.add_row(f"x{ACTS}", text(f"y{ACTS}", style="red"))
    console.print(table, soft_wrap=False)
    console.print(f"z{ACTS}", style="bold")
    shown = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert not ACTING.search(shown)
    assert "owned" not in shown
    say(f"line{ACTS}\x0b")
    assert not ACTING.search(capsys.readouterr().out.replace("\n", ""))


async def test_no_command_shows_what_acts(beside: Beside) -> None:
    await beside.app.webhook(
        alert(f"pay{ACTS}", starts="2026-11-23T10:00:00Z", note=ACTS, **{f"l{ACTS}": ACTS}),
        {"labels": {"alertname": f"Q{ACTS}", "a": [5], ACTS: 1}, "status": "firing"},
    )
    matcher = f'team="{ACTS}"'
    asked = [
        ("incidents",),
        ("silence", "add", matcher, "--for", "1h", "--yes", "--by", "ann"),
        ("silence", "list"),
        ("quarantine",),
        ("dead-letters", f"chat{ACTS}"),
        ("doctor",),
        ("incidents", f"none{ACTS}"),
        ("silence", "end", f"none{ACTS}", "--by", "ann"),
    ]
    for arguments in asked:
        done = await beside.asked(*arguments)
        found = ACTING.search(done.said.replace("\n", "").replace("\t", ""))
        assert not found, (arguments, done.said)


def test_check_and_explain_show_no_more_of_a_file_than_what_harms_nobody(gateway: Gateway) -> None:
    rules = written("rules.yaml", RULES.replace("name: everything", 'name: "x\\e]0;owned\\a", nam: 1'))
    assert not ACTING.search(gateway("check", rules).said.replace("\n", ""))
    body = '{"version":"4","alerts":[{"status":"firing","labels":{"alertname":"A\\u001b[2J\\u202e"},"startsAt":"2026-11-23T10:00:00Z"}]}'
    done = gateway("explain", written("body.json", body), "--rules", written("rules.yaml", RULES))
    assert done.code == 0
    assert not ACTING.search(done.out.replace("\n", ""))


def test_what_the_machines_read_is_whole_and_in_ascii(gateway: Gateway) -> None:
    body = '{"version":"4","alerts":[{"status":"firing","labels":{"alertname":"A\\u001b[2J"},"startsAt":"2026-11-23T10:00:00Z"}]}'
    done = gateway("explain", written("body.json", body), "--rules", written("rules.yaml", RULES), "--json")
    assert done.json["alerts"][0]["labels"]["alertname"] == "A\x1b[2J"
    assert done.out.isascii()
    assert "\x1b" not in done.out

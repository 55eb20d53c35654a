"""`python -m gateway` from a shell: what commands print and how they end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FIVE = """destinations:
  chat:  {slack: {channel: C024BE91L}}
  pager: {pagerduty: {routing_key: {env: PAGERDUTY_ROUTING_KEY}}}
routes:
  - {name: everything, notify: [chat], page: [pager], page_when: {any: [{severity: critical}]}}
"""
BODY = {
    "alerts": [
        {"status": "firing", "labels": {"alertname": "Down", "severity": "critical", "service": "pay"}, "startsAt": "2026-11-23T10:00:00Z"},
        {"status": "firing", "labels": {"alertname": "Slow", "severity": "warning", "service": "pay"}, "startsAt": "2026-11-23T10:00:00Z"},
        {"status": "firing", "labels": {"alertname": [5]}},
    ]
}  # fmt: skip


def gateway(*arguments: str, given: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "NO_COLOR": "1", **variables}
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        input=given,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        env=environment,
    )


@pytest.fixture
def rules(tmp_path: Path) -> str:
    (tmp_path / "rules.yaml").write_text(FIVE)
    return str(tmp_path / "rules.yaml")


def test_check_passes_the_five_line_file(rules: str) -> None:
    done = gateway("check", rules)
    assert (done.returncode, done.stdout.startswith("ok: 2 destinations, 1 route (")) == (0, True)


def test_check_names_file_line_and_column_and_ends_with_1(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(FIVE.replace("notify: [chat]", "notify: [chatt]"))
    done = gateway("check", str(tmp_path))
    assert done.returncode == 1
    assert (
        f"{tmp_path}/bad.yaml:5:33: unknown destination `chatt`; did you mean `chat`?"
        in done.stdout.splitlines()
    )
    listed = json.loads(gateway("check", str(tmp_path), "--json").stdout)
    assert ("error", 5, 33) in [(one["level"], one["line"], one["column"]) for one in listed]


def test_check_prints_a_schema() -> None:
    assert json.loads(gateway("check", "--schema").stdout)["title"] == "Rules of the alert gateway"


def test_explain_says_who_would_be_told_when_and_why(rules: str, tmp_path: Path) -> None:
    (tmp_path / "body.json").write_text(json.dumps(BODY))
    done = gateway("explain", str(tmp_path / "body.json"), "--rules", rules, "--at", "2026-11-23T10:00:05Z")
    assert done.returncode == 1, "one of its alerts would go into quarantine"
    assert "opened (first_firing)" in done.stdout
    assert "chat         held (group_wait), in 10s" in done.stdout
    assert "pager        suppressed (page_when) by everything (" in done.stdout
    assert "quarantined: alerts[].labels.alertname: a text is needed, not a list" in done.stdout


def test_explain_reads_from_a_pipe_and_gives_json(rules: str) -> None:
    done = gateway("explain", "-", "--rules", rules, "--json", given=json.dumps(BODY))
    assert [one["name"] for one in json.loads(done.stdout)["alerts"]] == ["Down", "Slow"]
    refused = gateway("explain", "-", "--rules", rules, given="hello")
    assert (refused.returncode, "refused with 400" in refused.stdout) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "variables", "code", "said"),
    [
        pytest.param(["serve"], {"GATEWAY_LISTEN": "0.0.0.0:1"}, 2, "set GATEWAY_WEBHOOK_TOKEN", id="settings that cannot be"),
        pytest.param(["serve"], {"GATEWAY_RULES": "/nowhere", "GATEWAY_LISTEN": "127.0.0.1:0"}, 2, "GATEWAY_RULES: /nowhere: there is no such file or folder", id="no rules"),
        pytest.param(["nonsense"], {}, 2, "there is no command `nonsense`", id="no such command"),
        pytest.param(["page-test", "nobody"], {}, 1, "no such destination; there are chat, pager", id="no such destination"),
        pytest.param(["incidents"], {"GATEWAY_URL": "http://127.0.0.1:9"}, 2, "is GATEWAY_URL right, and does it run?", id="no gateway"),
        pytest.param(["incidents", "--ack", "ann"], {}, 2, "which incident?", id="an action without an incident"),
        pytest.param(["doctor"], {"GATEWAY_REDIS_URL": "redis://127.0.0.1:9"}, 1, "is GATEWAY_REDIS_URL right?", id="a store that is not there"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_a_line_for_people(
    arguments: list[str], variables: dict[str, str], code: int, said: str
) -> None:
    done = gateway(*arguments, **variables)
    assert done.returncode == code
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr

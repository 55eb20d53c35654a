"""The shipped files of Alertmanager: both releases load theirs, every alert goes where it should, and the newer
file is the older one and no more than what newer releases understand.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support import deploy_tools
from tests.support.stack import (
    AGES,
    ALERTMANAGER_FILES,
    read_yaml,
    run,
    shipped_alerts,
    stack_of,
    unexplained,
)

# What the gateway may be unable to tell of itself: Alertmanager tells it as well.
DIRECTLY_TOO = {"GatewayDown", "GatewayStoreDown", "GatewayPagesLate", "GatewayWatchdogMissing"}


@pytest.mark.parametrize("age", AGES)
def test_the_tool_of_a_release_takes_its_file(age: str) -> None:
    code, said = run(stack_of(age).amtool, "check-config", str(ALERTMANAGER_FILES[age]))
    assert (code, "SUCCESS" in said) == (0, True), said


@pytest.mark.long
@pytest.mark.parametrize("path", ALERTMANAGER_FILES.values(), ids=lambda path: path.name)
def test_amlint_finds_no_route_that_loses_alerts(path: Path) -> None:
    """It looks for what loads and does not do what it says: a route that nothing reaches, an inhibition without `equal`."""
    # `resolve_timeout` is for senders that name no end; Prometheus always does.
    options = ("--format", "json", "--ignore", "global-resolve-timeout-missing")
    done = deploy_tools.run(deploy_tools.tool("python/bin/amlint"), "check", *options, path)
    assert json.loads(done.stdout) == [], done.stdout


@pytest.mark.long
def test_the_newer_release_takes_the_older_file_too() -> None:
    code, said = run(stack_of("newer").amtool, "check-config", str(ALERTMANAGER_FILES["older"]))
    assert code == 0, said


def test_the_older_release_does_not_understand_the_newer_file() -> None:
    code, said = run(stack_of("older").amtool, "check-config", str(ALERTMANAGER_FILES["newer"]))
    assert code != 0
    assert all(name in said for name in ("tracing", "event_recorder", "url_file"))


def test_the_newer_file_is_the_older_one_and_what_newer_releases_understand() -> None:
    older, newer = read_yaml(ALERTMANAGER_FILES["older"]), read_yaml(ALERTMANAGER_FILES["newer"])
    assert newer.keys() - older.keys() == {"tracing", "event_recorder"}
    (webhook,) = newer["receivers"][0]["webhook_configs"]
    del webhook["url_file"]
    webhook["url"] = older["receivers"][0]["webhook_configs"][0]["url"]
    assert {name: value for name, value in newer.items() if name in older} == older


@pytest.mark.parametrize("age", AGES)
@pytest.mark.parametrize("alert", sorted({*shipped_alerts(), *DIRECTLY_TOO}))
def test_an_alert_goes_through_the_gateway_and_directly_only_where_it_says_that_the_gateway_fails(
    alert: str, age: str
) -> None:
    receivers = "direct,gateway" if alert in DIRECTLY_TOO else "gateway"
    test = (
        f"--config.file={ALERTMANAGER_FILES[age]}",
        f"--verify.receivers={receivers}",
        f"alertname={alert}",
        "severity=critical",
    )
    code, said = run(stack_of(age).amtool, "config", "routes", "test", *test)
    assert (code, receivers in said.splitlines()) == (0, True), said


@pytest.mark.parametrize("path", ALERTMANAGER_FILES.values(), ids=lambda path: path.name)
def test_groups_are_sent_soon_and_repeated_as_signs_of_life(path: Path) -> None:
    route = read_yaml(path)["route"]
    assert route["group_by"] == ["alertname", "cluster", "namespace", "service"]
    assert (route["group_wait"], route["group_interval"], route["repeat_interval"]) == ("5s", "10s", "30m")


@pytest.mark.parametrize("path", ALERTMANAGER_FILES.values(), ids=lambda path: path.name)
def test_every_line_of_it_is_explained(path: Path) -> None:
    assert unexplained(path) == set()


@pytest.mark.parametrize("path", ALERTMANAGER_FILES.values(), ids=lambda path: path.name)
def test_every_secret_is_read_from_a_file(path: Path) -> None:
    assert list(secrets(read_yaml(path))) == []
    assert "$" not in "".join(path.read_text("utf-8").split("`$SLACK_WEBHOOK_URL`")).replace(
        "$number", ""
    ).replace("$alert", "")


def secrets(value: Any, name: str = "") -> list[str]:
    """Return the keys that hold a secret itself."""
    if isinstance(value, dict):
        return [found for key, inner in value.items() for found in secrets(inner, key)]
    if isinstance(value, list):
        return [found for inner in value for found in secrets(inner)]
    return [name] if name in {"slack_api_url", "api_url", "credentials", "password", "routing_key"} else []

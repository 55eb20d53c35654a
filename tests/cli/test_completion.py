"""A shell completes incidents and silences of the running gateway, and destinations of the rules."""

from __future__ import annotations

import asyncio
from typing import Any

import click
import pytest

from gateway.cli import completion
from tests.support.command_line import ADMIN, BAD, RULES, Beside, written
from tests.support.servers import free_port


def offered(complete: completion.Complete, begun: str = "") -> list[tuple[str, Any]]:
    context = click.Context(click.Command("x"))
    return [(item.value, item.help) for item in complete(context, click.Argument(["x"]), begun)]


async def test_incidents_and_silences_come_from_the_running_gateway(
    beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_URL", beside.url)
    monkeypatch.setenv("GATEWAY_ADMIN_TOKEN", ADMIN)
    name = await beside.app.told()
    made = await beside.asked("silence", "add", "Other", "--for", "1h", "--yes", "--by", "ann", "--json")
    (incident,) = await asyncio.to_thread(offered, completion.incidents, name[:3])
    assert (incident[0], "Down" in incident[1]) == (name, True)
    silences = await asyncio.to_thread(offered, completion.silences)
    assert silences == [(made.json["id"], 'alertname="Other"')]
    assert await asyncio.to_thread(offered, completion.incidents, "zzz") == []
    written("rules/all.yaml", RULES)
    which = [value for value, _ in await asyncio.to_thread(offered, completion.dead_letters)]
    assert which == ["chat", "pager", name]


def test_destinations_come_from_the_rules(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.chdir(tmp_path)
    written("rules/all.yaml", RULES)
    assert offered(completion.destinations) == [("chat", "slack"), ("pager", "pagerduty")]
    assert offered(completion.destinations, "p") == [("pager", "pagerduty")]


def test_sources_come_from_the_rules(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.chdir(tmp_path)
    source = "sources: [{name: eu, repeat_interval: 30m, match: ['a=\"b\"'], token: {env: HOOK_TOKEN_EU}}]\n"
    written("rules/all.yaml", RULES + source)
    assert [value for value, _ in offered(completion.sources)] == ["eu", "default"]


async def test_what_is_in_quarantine_is_offered_with_why(
    beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_URL", beside.url)
    monkeypatch.setenv("GATEWAY_ADMIN_TOKEN", ADMIN)
    await beside.app.webhook({"labels": {}})
    ((_, why),) = await asyncio.to_thread(offered, completion.quarantined)
    assert why == "no labels: nothing says what this alert is"


def test_where_nothing_answers_and_nothing_is_right_nothing_is_offered(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    written("rules/all.yaml", BAD)
    monkeypatch.setenv("GATEWAY_URL", f"http://127.0.0.1:{free_port()}")
    assert offered(completion.destinations) == []
    assert offered(completion.incidents) == []
    monkeypatch.setenv("GATEWAY_LISTEN", "here")
    assert offered(completion.silences) == []

"""Silences, the pause and the bypass over the API and by the commands."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from gateway.app import running
from gateway.inbound.server import make_server
from tests.app.conftest import Running, Starter

ROOT = Path(__file__).parents[2]
ASKED = {"matchers": ['service="pay"'], "by": "anna", "duration": "1h"}


async def made(app: Running, **more: object) -> dict[str, str]:
    answer = await app.ask("/api/v1/silences", "POST", json={**ASKED, "confirm": True, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, str] = answer.json()
    return found


async def test_a_preview_says_what_would_be_hidden_and_makes_nothing(app: Running) -> None:
    await app.told()
    found = (await app.ask("/api/v1/silences/preview", "POST", json=ASKED)).json()
    assert (found["firing"], found["firing_hidden"], found["critical"], found["names"]) == (1, 1, 1, {"Down": 1})
    assert found["warnings"]
    assert (await app.ask("/api/v1/silences?state=all")).json() == {"items": []}


async def test_a_silence_with_warnings_has_to_be_confirmed(app: Running) -> None:
    await app.told()
    refused = await app.ask("/api/v1/silences", "POST", json=ASKED)
    assert refused.status_code == 409
    assert "critical" in refused.json()["error"]
    assert '"confirm": true' in refused.json()["remedy"]
    assert (await made(app))["state"] == "active"


async def test_a_silence_lives_through_the_api(app: Running) -> None:
    one = await made(app, reason="noisy")
    path = f"/api/v1/silences/{one['id']}"
    assert [each["id"] for each in (await app.ask("/api/v1/silences")).json()["items"]] == [one["id"]]
    later = (await app.ask(f"{path}/extend", "POST", json={"by": "anna", "duration": "3h"})).json()
    assert later["ends_at"] > one["ends_at"]
    assert (await app.ask(f"{path}/approve", "POST", json={"by": "bob"})).json()["approved_by"] == "bob"
    ended = (await app.ask(f"{path}/end", "POST", json={"by": "bob"})).json()
    assert (ended["state"], ended["ended_by"]) == ("ended", "bob")
    assert (await app.ask(path)).json() == ended
    assert (await app.ask("/api/v1/silences")).json()["items"] == []
    assert (await app.ask(f"{path}/end", "POST", json={"by": "bob"})).status_code == 409


@pytest.mark.parametrize(
    ("asked", "status", "field"),
    [
        ({**ASKED, "matchers": []}, 400, "matchers"),
        ({**ASKED, "matchers": ["a=~("]}, 400, "matchers"),
        ({**ASKED, "duration": "soon"}, 400, "duration"),
        ({**ASKED, "duration": "9d"}, 400, "ends_at"),
        ({**ASKED, "duration": "", "ends_at": "2027-01-01T00:00:00"}, 400, "ends_at"),
        ({**ASKED, "during": ["never-heard"]}, 400, "during"),
        ({**ASKED, "colour": "red"}, 400, "colour"),
        ({"matchers": ['a="b"'], "duration": "1h"}, 400, "by"),
    ],
)
async def test_a_wrong_wish_names_its_field(app: Running, asked: dict[str, object], status: int, field: str) -> None:
    answer = await app.ask("/api/v1/silences", "POST", json=asked)
    assert (answer.status_code, answer.json()["field"]) == (status, field)


async def test_a_silence_that_is_not_there_is_a_404(app: Running) -> None:
    for path, method in (("none", "GET"), ("none/end", "POST"), ("none/approve", "POST")):
        answer = await app.ask(f"/api/v1/silences/{path}", method, json={"by": "bob"} if method == "POST" else None)
        assert answer.status_code == 404


async def test_a_pause_is_said_aloud_until_it_is_lifted(app: Running) -> None:
    answer = await app.ask("/api/v1/orders/pause", "POST", json={"by": "anna", "duration": "1h", "reason": "drill"})
    assert answer.json()["pause"]["by"] == "anna"
    await app.gateway.auditor.look()
    assert any(worry.startswith("paging is paused by anna until ") for worry in (await app.ask("/health")).json()["worries"])
    assert 'gateway_ordered{what="pause"} 1.0' in (await app.ask("/metrics")).text
    await app.until(lambda: "Nobody is paged" in json.dumps([one.blocks for one in app.slack.messages("alerts")]))
    assert (await app.ask("/api/v1/orders/pause", "POST", json={"by": "anna"})).json() == {"pause": None, "bypass": None}
    await app.gateway.auditor.look()
    assert (await app.ask("/health")).json()["worries"] == []


async def test_a_silenced_alert_says_so_wherever_it_is_looked_at(app: Running) -> None:
    one = await made(app, reason="noisy", ticket="CHG-1")
    assert (await app.webhook({"status": "firing", "labels": {"alertname": "Down", "service": "pay"}, "startsAt": "2026-11-23T10:00:00Z"})).status_code == 200  # fmt: skip
    verdicts: list[dict[str, str]] = []
    while not verdicts:
        await asyncio.sleep(0.02)
        verdicts = (await app.ask("/api/v1/verdicts")).json()["items"]
    assert {(each["standing"], each["reason"], each["rule"], each["because"]) for each in verdicts} == {
        ("suppressed", "silenced", f"silence {one['id']} by anna", "CHG-1 noisy")
    }
    assert {each["until"] for each in verdicts} == {one["ends_at"]}


# The commands


async def test_the_commands_make_list_extend_approve_and_end_a_silence(starter: Starter) -> None:
    environment = starter.environment()
    async with running(environment) as gateway:
        server = make_server(gateway.asgi_app, "127.0.0.1", 0)
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"

        async def ask(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
            variables = {"PATH": os.environ["PATH"], "NO_COLOR": "1", "GATEWAY_URL": url, "GATEWAY_ADMIN_TOKEN": "admin"}
            return await asyncio.to_thread(
                subprocess.run, [sys.executable, "-m", "gateway", *arguments], input=given, check=False, capture_output=True,
                text=True, timeout=60, cwd=ROOT, env=variables,
            )  # fmt: skip

        async with httpx.AsyncClient(base_url=url, headers={"authorization": "Bearer admin"}) as client:
            add = await ask("silence", "add", 'service="pay"', "--for", "2h", "--by", "anna", "--reason", "noisy")
            assert (add.returncode, add.stdout.splitlines()[0]) == (0, "hides 0 of 0 alerts that fire, 0 of 0 of the last 7 days"), add  # fmt: skip
            (one,) = (await client.get("/api/v1/silences")).json()["items"]
            listed = await ask("silence", "list")
            assert one["id"] in listed.stdout
            assert 'service="pay"' in listed.stdout
            assert (await ask("silence", "approve", one["id"], "--by", "anna")).returncode == 2
            assert "approved by bob" in (await ask("silence", "approve", one["id"], "--by", "bob")).stdout
            assert (await ask("silence", "extend", one["id"], "--for", "3h", "--by", "bob")).returncode == 0
            assert "ended by bob" in (await ask("silence", "end", one["id"], "--by", "bob")).stdout
            assert "pause until" in (await ask("pause", "--for", "1h", "--by", "anna")).stdout
            assert "there is no pause any more" in (await ask("pause", "--end", "--by", "anna")).stdout
            assert (await ask("bypass", "--by", "anna")).returncode == 2
            await client.post("/webhooks/alertmanager", json={"alerts": [{"labels": {"a": 5}}]})
            kept = (await ask("quarantine")).stdout.split()
            assert kept[1:4] == ["1", "×", "alerts[].labels.a:"]
            assert "still not understood" in (await ask("quarantine", "--replay", kept[0])).stderr
            assert (await ask("dead-letters")).stdout == "no dead letters\n"
            assert "there is no target pager" in (await ask("dead-letters", "--retry", "none", "pager")).stderr
        server.should_exit = True
        await serving

"""The scene of the demo: what a person does on the page of the local PagerDuty is seen in the local Slack."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from gateway.cli import demo_scene
from gateway.cli.demo_scene import CHANNEL, running_scene
from gateway.clock import utc_now
from tests.support.patience import PATIENCE
from tests.support.processes import alert, body
from tests.support.servers import free_port

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("logging_as_before")]


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.02)


async def test_who_acknowledges_on_pagerdutys_page_has_it_in_slack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_scene, "PORTS", tuple(free_port() for _ in demo_scene.PORTS))
    async with (
        running_scene(tmp_path, demo_scene.storm_rules(200.0)) as scene,
        httpx.AsyncClient(trust_env=False) as client,
    ):

        def shown() -> str:
            return str([message.blocks for message in scene.slack.messages(CHANNEL)])

        sent = await client.post(
            f"{scene.url}/webhooks/alertmanager", json=body(alert("pay", starts=utc_now().isoformat()))
        )
        assert sent.status_code == 200
        await until(lambda: scene.pagerduty.incidents and "Paged" in shown())
        form = {"incident": scene.pagerduty.incidents[0].id, "act": "acknowledged", "as": "Bob Okafor"}
        pressed = await client.post(f"{scene.pagerduty.page_url}_page/act", data=form)
        assert pressed.status_code == 303
        await until(lambda: "Bob Okafor has it" in shown())

"""A gateway with its listener, and people in the local Slack who press its buttons and write its commands."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gateway.model.changes import Table
from gateway.model.incident import Incident
from gateway.model.records import load_incident
from gateway.sandbox.server import LocalServer
from gateway.sandbox.slack import Channel, Message
from gateway.sandbox.slack.app import DEFAULT_SECRET, Answered
from gateway.state.paging import pages
from tests.support.running_gateway import RULES, Running, Starter

SECRET = "rotating," + DEFAULT_SECRET


@dataclass
class Office:
    """A gateway with its listener, and people in the local Slack who press its buttons."""

    app: Running

    @property
    def channel(self) -> Channel:
        return self.app.slack.channel("alerts")

    @property
    def message(self) -> Message:
        return self.channel.messages[-1]

    async def press(self, action: str, chosen: str = "", user: str = "U0ALICE") -> Answered:
        return await self.app.slack.app.press(self.channel, self.message, action, chosen, user)

    def buttons(self) -> list[str]:
        blocks = [block for block in self.message.blocks if isinstance(block, dict)]
        acts = [block for block in blocks if block.get("block_id") == "acts"]
        return [element["action_id"] for block in acts for element in block["elements"]]

    async def until_buttons(self, *wanted: str) -> None:
        await self.app.until(lambda: self.buttons() == list(wanted))

    async def incident(self) -> Incident:
        async for rows in pages(self.app.gateway.shards, Table.INCIDENTS):
            for row in rows.values():
                return load_incident(row.value)
        raise AssertionError("there is none")

    async def write(self, text: str, user: str = "U0ALICE") -> str:
        """Write a command; the text that its writer is answered."""
        answered = await self.app.slack.app.command(text, user)
        assert answered.status == 200
        return str(json.loads(answered.body)["text"]) if answered.body else ""

    def said(self, user: str = "U0ALICE") -> list[str]:
        """What was shown to one person alone."""
        return [shown.text for shown in self.app.slack.app.ephemerals if shown.user == user]

    def view(self) -> str:
        """The words of the newest modal."""
        views = self.app.slack.app.views.values()
        return json.dumps([*views][-1].view, ensure_ascii=False) if views else ""


LABELS = ("actionable", "noise")
UNTAKEN = ("acknowledge", "snooze", "silence", "resolve", "why", *LABELS)


@asynccontextmanager
async def opened(starter: Starter, rules: str = RULES, **more: str) -> AsyncIterator[Office]:
    (starter.folder / "rules.yaml").write_text(rules, "utf-8")
    starter.more = {"SLACK_SIGNING_SECRET": SECRET, **more}
    server = LocalServer()
    app = await starter.start()
    async with server.running(app.gateway.asgi_app, 0):
        app.slack.app.url = server.url
        office = Office(app)
        await app.told()
        await office.until_buttons(*UNTAKEN)
        yield office

"""A world whose people act in Slack, in PagerDuty and by the API, with the memories of the local vendors behind it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import QueryParams

from gateway.actions.controls import PreviewedSilence
from gateway.actions.handovers import Handovers
from gateway.actions.incidents import IncidentActions
from gateway.actions.labels import LabelActions
from gateway.actions.pagerduty_changes import PagerDutyChanges
from gateway.actions.pagerduty_desk import PagerDutyDesk
from gateway.actions.pagerduty_incidents import PagerDutyIncidents
from gateway.actions.pagerduty_losses import PagerDutyLosses
from gateway.actions.pagerduty_notes import PagerDutyNotes
from gateway.actions.pagerduty_people import PagerDutyPeople
from gateway.actions.pagerduty_persons import PagerDutyPersons
from gateway.actions.pagerduty_reader import PagerDutyReader
from gateway.actions.slack_approvals import SlackApprovals
from gateway.actions.slack_commands import SlackCommands
from gateway.actions.slack_desk import SlackDesk
from gateway.actions.slack_roles import SlackRoles
from gateway.actions.slack_silences import SlackSilences
from gateway.actions.statistics_reports import StatisticsReports
from gateway.decisions.policy import Policy
from gateway.decisions.suppression.silence_request import SilenceRequest
from gateway.model.controls import Silence
from gateway.model.durations import HOUR, MINUTE
from gateway.model.incident import Incident
from gateway.outbound.pagerduty.webhook import read_webhook
from gateway.outbound.slack.blocks import render
from gateway.outbound.slack.buttons import with_buttons
from gateway.sandbox.pagerduty import rest
from gateway.sandbox.pagerduty.account import Account
from gateway.sandbox.slack.app import App
from gateway.sandbox.slack.interactions import state_of
from gateway.sandbox.slack.workspace import Bot, Content, Message, Workspace
from gateway.state.persons import Persons
from tests.support.build import START, rulebook, seen, someone
from tests.support.pagerduty_memory import Pager
from tests.support.world import World

CHANNEL = "C1"


@dataclass
class Screen:
    """What is shown to one person alone."""

    told: list[str] = field(default_factory=list)
    modals: list[dict[str, Any]] = field(default_factory=list)

    async def tell(self, _person: object, _channel: str, text: str) -> None:
        self.told.append(text)

    async def open(self, _trigger: str, view: Mapping[str, Any]) -> str:
        self.modals.append(dict(view))
        return f"V{len(self.modals)}"

    async def update(self, _view_id: str, view: Mapping[str, Any]) -> None:
        self.modals[-1] = dict(view)

    async def members_of(self, _group: str) -> None:
        return None


@dataclass
class Rest:
    """The local PagerDuty's answers to whoever reads it."""

    account: Account
    wanted: bool

    async def get(self, path: str, params: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        if path != "/incidents":
            return {}
        pairs = [
            (name, each)
            for name, value in (params or {}).items()
            for each in (value if isinstance(value, list) else [value])
        ]
        return rest.incidents_page(
            self.account, QueryParams([(name, str(value)) for name, value in pairs]), "http://x"
        )


class BothWays:
    """One critical alert that has paged, and people. `acted` are the acts that gave the page back to everybody."""

    def __init__(self) -> None:
        self.world = world = World(rulebook())
        self.pager = world.pagerduty = Pager(world)
        world.begin(rulebook())
        shards, self.screen = world.shards, Screen()
        actions = self.actions = IncidentActions(shards, lambda: None)

        def policy() -> Policy:
            return world.reconciler.context.policy

        screen: Any = self.screen
        nobody: Any = Rest(self.pager.account, wanted=False)
        roles = SlackRoles(lambda: policy().rules.act, screen, shards)
        silences = SlackSilences(
            world.desk, shards, policy, screen, SlackApprovals(world.desk, policy, screen)
        )
        commands = SlackCommands(
            actions,
            silences,
            shards,
            policy,
            roles,
            screen,
            StatisticsReports(shards, str, 90 * 24 * HOUR),
            Handovers(shards, policy),
        )
        self.slack = SlackDesk(
            actions,
            silences,
            shards,
            policy,
            LabelActions(shards, Persons(shards.home, str)),
            roles,
            screen,
            commands,
        )
        people = PagerDutyPeople(shards, nobody, screen, roles)
        self.pagerduty = PagerDutyDesk(
            actions,
            policy,
            people,
            LabelActions(shards, Persons(shards.home, str)),
            PagerDutyIncidents(shards),
        )
        read: Any = Rest(self.pager.account, wanted=True)
        self.reader = PagerDutyReader(
            shards,
            self.pagerduty,
            PagerDutyPersons(shards, policy, people, Persons(shards.home, str)),
            PagerDutyLosses(shards, lambda: None),
            PagerDutyNotes(shards, ""),
            PagerDutyChanges(shards),
            read,
            lambda *_: None,
            lambda _: None,
        )
        workspace = Workspace({"x": Bot()}, [], None)
        self.app = App(workspace, lambda: datetime.fromtimestamp((START + world.at) / 1000, UTC))
        self.channel = workspace.add_channel("alerts")
        self.channel.id = CHANNEL

    async def begin(self) -> None:
        await self.world.webhook(seen(service="db"))
        await self.world.until(MINUTE)

    @property
    def incident(self) -> Incident:
        return self.world.incidents[0]

    @property
    def message(self) -> Message:
        """The incident's message in Slack as it is shown now."""
        ledger = self.world.ledgers["chat"]
        said = [
            one.notification
            for one in [*self.world.slack.sent, *self.world.slack.said_pages]
            if one.notification
        ]
        newest = max(said, key=lambda one: (one.at, one.revision))
        rendered = with_buttons(render(newest), newest)
        assert ledger.message_ref is not None
        return Message(
            ledger.message_ref.id, Bot(), Content(rendered.text, list(rendered.blocks)), self.app.now()
        )

    async def press(self, button: str, choice: str = "", who: str = "U0ALICE", *, times: int = 1) -> None:
        """Press a button of the message that has it, and confirm what is asked in a modal."""
        try:
            payload = self.app.pressed(self.channel, self.message, button, choice, who)
        except LookupError:
            return
        for _ in range(times):
            opened = len(self.screen.modals)
            await (await self.slack.hear(payload)).afterwards()
            if len(self.screen.modals) > opened:
                await self._submit(who)
            await self.world.settle()

    async def _submit(self, who: str) -> None:
        view = {**self.screen.modals[-1], "id": f"V{len(self.screen.modals)}", "hash": "1"}
        view["state"] = {"values": state_of(view, {"reason": "a deploy"})}
        name = self.app.workspace.people[who].split()[0].lower()
        user = {"id": who, "name": name, "team_id": self.app.workspace.team}
        await (await self.slack.hear({"type": "view_submission", "user": user, "view": view})).afterwards()

    async def there(self, kind: str, who: str) -> None:
        """Do in PagerDuty what its page offers now."""
        offered = {
            "triggered": ("acknowledged", "resolved"),
            "acknowledged": ("unacknowledged", "resolved"),
            "resolved": ("reopened",),
        }
        page = self.pager.account.incidents[-1]
        # What is over is not opened again there: whoever closed it by hand may think better of it.
        if kind in offered[page.status] and (kind != "reopened" or self.incident.closed is not None):
            self.pager.people.act(page, kind, who)

    async def api(self, act: str, who: str) -> None:
        incident, actor = self.incident.id, someone(who)
        match act:
            case "acknowledge":
                await self.actions.acknowledge(incident, actor)
            case "unacknowledge":
                await self.actions.unacknowledge(incident, actor)
            case "snooze":
                await self.actions.snooze(incident, actor, 4 * HOUR)
            case "unsnooze":
                await self.actions.unsnooze(incident, actor)
            case "close":
                await self.actions.close(incident, actor, "", 4 * HOUR)
            case "silence":
                await self._silence(who)
            case "end_silence":
                for silence in await self.silences():
                    await self.world.desk.end(silence.id, who)
        await self.world.settle()

    async def _silence(self, who: str) -> None:
        ends = START + self.world.at + 4 * HOUR
        found = await self.world.desk.preview(
            SilenceRequest(('service="db"',), who, ends_at=ends, reason="x", person=True)
        )
        assert isinstance(found, PreviewedSilence)
        await self.world.desk.silence(found.silence)

    async def silences(self) -> list[Silence]:
        """The silences that keep it quiet now."""
        held, _ = await self.world.desk.held()
        return [one for one in held.silences if one.ends_at > START + self.world.at]

    async def quiet(self) -> bool:
        """Return whether a person has it, or keeps it from calling anybody."""
        incident = self.incident
        kept = incident.acknowledged or incident.snoozed or incident.closed
        return kept is not None or bool(await self.silences())

    async def hear(self, body: bytes) -> None:
        event = read_webhook(json.loads(body))
        if event is not None:
            await self.pagerduty.hear(event)
        await self.world.settle()

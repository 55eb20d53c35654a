"""Do what people press and write in Slack, and show to them alone what cannot be done and why.

A press is done before it is answered, so that one that was answered is never lost: Slack sends none
twice (https://docs.slack.dev/interactivity/handling-user-interaction). What a person is only shown
follows afterwards.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from gateway.actions.incidents import IncidentActions
from gateway.actions.labels import LabelActions
from gateway.actions.open_incidents import read_incident
from gateway.actions.slack_commands import SlackCommands
from gateway.actions.slack_heard import (
    ANSWER_SECONDS,
    Acted,
    Afterwards,
    Heard,
    in_its_place,
    nothing,
    said_late,
    said_of,
)
from gateway.actions.slack_roles import SlackRoles
from gateway.actions.slack_silences import SAME, SlackSilences
from gateway.actions.why import why_lines
from gateway.decisions.incident_actions import pressed_too_late
from gateway.decisions.policy import Policy
from gateway.errors import StateUnavailable
from gateway.model.durations import parse_duration
from gateway.model.interactions import Approval, Button, Click, Submission, actor_in_slack
from gateway.model.people import Role
from gateway.model.statistics.events import Worth
from gateway.outbound.slack import views
from gateway.outbound.slack.buttons import CUSTOM
from gateway.outbound.slack.interactions import read_command, read_interaction
from gateway.outbound.slack.screen import SlackScreen
from gateway.state.shards import Shards
from gateway.state.versioned_snapshot import VersionedSnapshot

log = structlog.get_logger("gateway.slack")

COMMANDS = {
    Button.ACKNOWLEDGE: "--ack",
    Button.UNACKNOWLEDGE: "--unack",
    Button.RESOLVE: "--close",
    Button.SNOOZE: "--snooze --for 1h",
    Button.UNSNOOZE: "--unsnooze",
}
"""The options of `gateway incidents` that do the same, for when Slack's way does not work."""


@dataclass(frozen=True, slots=True)
class SlackDesk:
    """`policy` returns the one in force when it is called."""

    incidents: IncidentActions
    silences: SlackSilences
    shards: Shards
    policy: Callable[[], Policy]
    labels: LabelActions
    roles: SlackRoles
    screen: SlackScreen
    commands: SlackCommands

    async def hear(self, payload: Mapping[str, Any]) -> Heard:
        """Do what an interaction asks for, by whichever way it came. Never raises for what the store does."""
        interaction = read_interaction(payload)
        # A link was opened, or it is a modal of another app's: Slack only wants to hear that it came.
        if interaction is None:
            return Heard()
        if isinstance(interaction, Click):
            return Heard(afterwards=await self.click(interaction))
        if isinstance(interaction, Approval):
            return Heard(afterwards=await self._approve(interaction))
        return await self._submission(interaction)

    async def hear_command(self, fields: Mapping[str, str]) -> Heard | None:
        """Answer a slash command; None where it names no person."""
        command = read_command(fields)
        if command is None:
            return None
        return await self.commands.hear(command)

    async def click(self, click: Click) -> Afterwards:
        """Do what was pressed, and return what is to be shown after the answer. Never raises."""
        if click.button is Button.WHY:
            return partial(self._explain, click)
        # Everybody may say whether a page was worth it.
        labels = click.button in (Button.ACTIONABLE, Button.NOISE)
        refusal = self.roles.refusal(click.person, Role.SEE if labels else Role.ACT)
        if refusal:
            return partial(self.screen.tell, click.person, click.channel, refusal)
        if click.button is Button.SILENCE and click.choice == CUSTOM:
            return partial(self.silences.ask, click)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                # An act on the incident looks at that by itself, with what it changes.
                if click.button not in COMMANDS and (late := await self._too_late(click)):
                    return partial(self.screen.tell, click.person, click.channel, f"Not done: {late}.")
                if click.button is Button.SILENCE:
                    return await self.silences.make(click)
                if labels:
                    return await self._label(click)
                done = await self._act(click)
        except (TimeoutError, StateUnavailable) as error:
            # Who pressed it is told; whoever runs the gateway sees it here.
            log.warning("slack_request_not_done", asked=click.button.value, error=said_late(error))
            return partial(self.screen.tell, click.person, click.channel, _not_done(click))
        said = said_of(done, click.incident)
        return partial(self.screen.tell, click.person, click.channel, said) if said else nothing

    async def _submission(self, submission: Submission) -> Heard:
        refusal = self.roles.refusal(submission.person, Role.ACT)
        if refusal:
            return in_its_place(views.told("Silence", [refusal]))
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self.silences.submit(submission)
        except (TimeoutError, StateUnavailable) as error:
            log.warning("slack_request_not_done", asked="silence", error=said_late(error))
            return in_its_place(views.told("Silence", ["Not made: the store does not answer.", SAME]))

    async def _approve(self, approval: Approval) -> Afterwards:
        said = self.roles.refusal(approval.person, Role.ACT)
        if not said:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    return await self.silences.approvals.press(approval)
            except (TimeoutError, StateUnavailable) as error:
                log.warning("slack_request_not_done", asked="approve", error=said_late(error))
                said = _undone(f"gateway silence approve {approval.silence}")
        return partial(self.screen.tell, approval.person, approval.channel, said)

    async def _act(self, click: Click) -> Acted:
        actor = actor_in_slack(click.person, click.press)
        match click.button:
            case Button.ACKNOWLEDGE:
                return await self.incidents.acknowledge(click.incident, actor)
            case Button.UNACKNOWLEDGE:
                return await self.incidents.unacknowledge(click.incident, actor)
            case Button.RESOLVE:
                length = self.policy().rules.closed_by_hand
                return await self.incidents.close(click.incident, actor, "", length)
            case Button.SNOOZE:
                return await self.incidents.snooze(click.incident, actor, parse_duration(click.choice))
            case Button.UNSNOOZE:
                return await self.incidents.unsnooze(click.incident, actor)
        return await self.silences.end(click)

    async def _too_late(self, click: Click) -> str:
        """Say why what was pressed means nothing any more. What is forgotten is not said anew."""
        found = await self._read(click.incident)
        return "" if found is None else pressed_too_late(found.snapshot.ledgers.values(), click.press)

    async def _label(self, click: Click) -> Afterwards:
        actor = actor_in_slack(click.person, click.press)
        value: Worth = "noise" if click.button is Button.NOISE else "actionable"
        found = await self.labels.give(click.incident, (), value, click.choice or None, actor)
        said = f"Not done: {found}." if isinstance(found, str) else f"Noted: {value}. Thank you."
        return partial(self.screen.tell, click.person, click.channel, said)

    async def _explain(self, click: Click) -> None:
        opened = await self.screen.open(click.trigger, views.waiting("Why?"))
        if not opened:
            return
        try:
            found = await self._read(click.incident)
            lines = (
                [said_of(None, click.incident)]
                if found is None
                else why_lines(found, self.policy(), self.commands.redact_key())
            )
        except StateUnavailable as error:
            log.warning("slack_request_not_done", asked=click.button.value, error=said_late(error))
            lines = ["The store does not answer: ask again in a moment."]
        await self.screen.update(opened, views.told("Why?", lines))

    async def _read(self, incident: str) -> VersionedSnapshot | None:
        return await read_incident(self.shards, incident, self.policy())


def _not_done(click: Click) -> str:
    option = COMMANDS.get(click.button)
    return _undone(f"gateway incidents {click.incident} {option}" if option else "gateway silence")


def _undone(command: str) -> str:
    return (
        f"Not done, because the gateway's store did not answer in time. Press it again, or use `{command}`."
    )

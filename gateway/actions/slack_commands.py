"""Do what people write behind `/alerts` in Slack, and answer its writer alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
import structlog

from gateway.actions.handovers import Handovers
from gateway.actions.incident_ids import IncidentIds
from gateway.actions.incidents import IncidentActions
from gateway.actions.open_incidents import list_open, read_incident
from gateway.actions.slack_heard import ANSWER_SECONDS, Heard, said_late, said_of, to_writer
from gateway.actions.slack_roles import SlackRoles
from gateway.actions.slack_silences import SlackSilences
from gateway.actions.statistics_reports import StatisticsReports
from gateway.actions.why import why_lines
from gateway.clock import utc_ms
from gateway.decisions.handover import read_begin
from gateway.decisions.policy import Policy
from gateway.decisions.statistics.in_words import row_in_words
from gateway.errors import StateUnavailable
from gateway.model.controls import Rejection
from gateway.model.interactions import SlashCommand, actor_in_slack
from gateway.model.people import Role
from gateway.model.statistics.request import asked
from gateway.outbound.slack.ack_words import read_acknowledgement
from gateway.outbound.slack.handover_text import handover_text
from gateway.outbound.slack.screen import SlackScreen
from gateway.outbound.slack.silence_words import read_silence
from gateway.outbound.slack.text import escape
from gateway.state.shards import Shards

log = structlog.get_logger("gateway.slack")

HELP = """`/alerts` lists what is open
`/alerts why ID` says why an incident is told or not
`/alerts ack ID` says that you have it, and `/alerts ack ID because …` leaves a note
`/alerts silence ID` or `/alerts silence service=cart for 2h` shows what a silence hides, and makes it
`/alerts approve SILENCE` lets it cover critical alerts, as a second person
`/alerts stats` says how many pages of the last 28 days were worth it
`/alerts handover` or `/alerts handover since 18:00 Europe/Berlin` says what a shift leaves to the next"""

TAKES_LONGER = "It takes longer than two seconds: the answer follows here, where the app is in this channel."
SOON_SECONDS, LATER_SECONDS = 1.5, 60.0


@dataclass(frozen=True, slots=True)
class SlackCommands:
    """`policy` returns the one in force when it is called, and `redact_key` the key of the hashes of what is hidden."""

    incidents: IncidentActions
    silences: SlackSilences
    shards: Shards
    policy: Callable[[], Policy]
    roles: SlackRoles
    screen: SlackScreen
    reports: StatisticsReports
    handovers: Handovers
    redact_key: Callable[[], bytes] = bytes

    async def hear(self, command: SlashCommand) -> Heard:
        """Do what was written. Never raises for what the store does."""
        word, _, rest = command.text.partition(" ")
        rest = rest.strip()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                match word.lower():
                    case "":
                        return to_writer(await self._open_incidents())
                    case "why":
                        return to_writer(await self._why(rest))
                    case "ack":
                        return to_writer(await self._acknowledge(command, rest))
                    case "approve":
                        return to_writer(await self._approve(command, rest))
                    case "silence":
                        return self._silence(command, rest)
                    case "stats":
                        return await self._soon(command, self._statistics(), "gateway stats")
                    case "handover":
                        return await self._soon(command, self._handover(rest), "gateway handover")
        except (TimeoutError, StateUnavailable) as error:
            log.warning("slack_request_not_done", asked=f"/alerts {word}".strip(), error=said_late(error))
            return to_writer(
                "The gateway's store did not answer in time: try again, or use `gateway incidents`."
            )
        return to_writer(HELP)

    async def _soon(self, command: SlashCommand, work: Coroutine[Any, Any, str], instead: str) -> Heard:
        """Answer at once what is found in time, and later what takes longer."""
        finding = asyncio.create_task(work)
        await asyncio.wait({finding}, timeout=SOON_SECONDS)
        if finding.done():
            return to_writer(finding.result())
        said = f"{TAKES_LONGER} `{instead}` says the same."
        return to_writer(said, partial(self._later, command, finding, instead))

    async def _later(self, command: SlashCommand, finding: asyncio.Task[str], instead: str) -> None:
        try:
            async with asyncio.timeout(LATER_SECONDS):
                said = await finding
        except (TimeoutError, StateUnavailable) as error:
            log.warning("slack_request_not_done", asked=instead, error=said_late(error))
            said = f"The gateway's store did not answer in time: try again, or use `{instead}`."
        await self.screen.answer(command.person, command.channel, said)

    async def _statistics(self) -> str:
        """Say the figures of everybody together: whoever asks is nobody whom the statistics know."""
        found = msgspec.to_builtins(await self.reports.make(asked(utc_ms())))
        why = ", ".join(found["incomplete_because"])
        return "\n".join(
            (
                f"{found['from']} to {found['to']}",
                *([] if found["complete"] else [f"⚠️ not complete: {why}"]),
                *(escape(said.text) for said in row_in_words(found["total"])),
                "`gateway stats` has every figure, by rule, team and hour",
            )
        )

    async def _handover(self, text: str) -> str:
        word, _, written = text.partition(" ")
        if word and word.lower() != "since":
            return HELP
        found = await self.handovers.find(partial(read_begin, written) if word else None)
        if isinstance(found, str):
            return f"Not done: {escape(found)}."
        return handover_text(found, self.policy().rules.labels.redact)

    async def _open_incidents(self) -> str:
        shown = await list_open(self.shards, self.policy(), self.redact_key())
        return "\n".join(shown) or "Nothing is open."

    async def _why(self, incident: str) -> str:
        meant = await self._meant(incident)
        if isinstance(meant, Rejection):
            return escape(said_of(meant, incident))
        found = await read_incident(self.shards, meant, self.policy())
        if found is None:
            return f"There is no incident `{escape(incident)}`: `/alerts` lists what is open."
        return "\n".join(escape(line) for line in why_lines(found, self.policy(), self.redact_key()))

    async def _acknowledge(self, command: SlashCommand, text: str) -> str:
        if refusal := self.roles.refusal(command.person, Role.ACT):
            return refusal
        incident, note = read_acknowledgement(text)
        actor = actor_in_slack(command.person, command.press)
        meant = await self._meant(incident)
        if isinstance(meant, Rejection):
            return escape(said_of(meant, incident))
        found = await self.incidents.acknowledge(meant, actor, note)
        if found is None:
            return f"Not done: there is no incident `{escape(incident)}`: `/alerts` lists what is open."
        noted = ", and your note stands in its thread" if note else ""
        return escape(said_of(found, meant) or f"You have {meant}{noted}.")

    async def _meant(self, begun: str) -> str | Rejection:
        return await IncidentIds(self.shards, self.policy, self.redact_key).meant(begun)

    async def _approve(self, command: SlashCommand, silence: str) -> str:
        if refusal := self.roles.refusal(command.person, Role.ACT):
            return refusal
        found = await self.silences.approvals.approve(silence, command.person)
        return escape(
            said_of(found, "") if isinstance(found, Rejection) else f"You have approved {found.described}."
        )

    def _silence(self, command: SlashCommand, text: str) -> Heard:
        if refusal := self.roles.refusal(command.person, Role.ACT):
            return to_writer(refusal)
        written = read_silence(text)
        if isinstance(written, str):
            return to_writer(escape(written))
        # The modal says everything; an answer beside it would only stand in its way.
        return Heard(afterwards=partial(self.silences.ask_for, command, written, self._meant))

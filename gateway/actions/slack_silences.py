"""Make and end silences from Slack: at once where nothing speaks against it, else in a modal that shows
what it hides.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import structlog

from gateway.actions.controls import ControlActions, PreviewedSilence
from gateway.actions.open_incidents import read_incident
from gateway.actions.slack_approvals import SlackApprovals, identity_of, wanted_second
from gateway.actions.slack_heard import Acted, Afterwards, Heard, in_its_place, nothing, said_late, said_of
from gateway.decisions.policy import Policy
from gateway.decisions.suppression.silence_of_incident import matchers_for
from gateway.decisions.suppression.silence_request import SilenceRequest
from gateway.errors import StateUnavailable
from gateway.model.controls import Rejection, Silence
from gateway.model.durations import HOUR, parse_duration
from gateway.model.interactions import Click, SlackPerson, SlashCommand, Submission
from gateway.model.people import Press
from gateway.outbound.slack import views
from gateway.outbound.slack.buttons import CUSTOM, UNTIL_RESOLVED
from gateway.outbound.slack.screen import SlackScreen
from gateway.outbound.slack.silence_words import DEFAULT_SILENCE, WrittenSilence
from gateway.state.shards import Shards
from gateway.state.versioned_snapshot import VersionedSnapshot

log = structlog.get_logger("gateway.slack")

SAME = "`gateway silence add` does the same."
Meant = Callable[[str], Awaitable[str | Rejection]]
NOTHING_ASKED = "Write what to keep quiet, a matcher a line, such as service=cart."


class _Opening(NamedTuple):
    """Whom a modal is opened for, and by which trigger; `incident` is empty where it is about none."""

    person: SlackPerson
    channel: str
    trigger: str
    press: Press
    incident: str


@dataclass(frozen=True, slots=True)
class SlackSilences:
    """`policy` returns the one in force when it is called. What makes and ends silences raises
    `StateUnavailable`.
    """

    controls: ControlActions
    shards: Shards
    policy: Callable[[], Policy]
    screen: SlackScreen
    approvals: SlackApprovals

    async def make(self, click: Click) -> Afterwards:
        """Make the silence of a menu at once where nothing speaks against it, else ask in a modal."""
        asked = await self._asked_of(click.incident, click.choice)
        if asked is None:
            return partial(self.screen.tell, click.person, click.channel, said_of(None, click.incident))
        found = await self._preview(click.person, asked, click.press)
        if isinstance(found, PreviewedSilence) and not found.warnings:
            found_or_made = await self.controls.silence(found.silence)
            if isinstance(found_or_made, Silence):
                return partial(self.screen.tell, click.person, click.channel, _made(found_or_made))
            found = found_or_made
        view = self._asked_again(click.incident, click.channel, asked, found)
        return partial(self._open, click.trigger, view)

    async def ask(self, click: Click) -> None:
        """Ask in a modal for what the alerts of an incident have in common."""
        opening = _Opening(click.person, click.channel, click.trigger, click.press, click.incident)
        await self._ask(opening, lambda: self._asked_of(click.incident, click.choice))

    async def ask_for(self, command: SlashCommand, written: WrittenSilence, meant: Meant) -> None:
        """Ask in a modal for what was written behind a command; `meant` finds the incident by what its id begins with."""
        opening = _Opening(command.person, command.channel, command.trigger, command.press, written.incident)

        async def find() -> views.Asked | Rejection | None:
            if not written.incident:
                return written.asked
            incident = await meant(written.incident)
            if isinstance(incident, Rejection):
                return incident
            found = await self._asked_of(incident, CUSTOM)
            return written.asked._replace(matchers=found.matchers) if found is not None else None

        await self._ask(opening, find)

    async def _ask(
        self, opening: _Opening, find: Callable[[], Awaitable[views.Asked | Rejection | None]]
    ) -> None:
        """Open the modal at once, since its trigger lives for three seconds, and fill it when all is known."""
        opened = await self.screen.open(opening.trigger, views.waiting("Silence"))
        if not opened:
            return
        try:
            asked = await find()
            if asked is None or isinstance(asked, Rejection):
                view = views.told("Silence", [said_of(asked, opening.incident)])
            elif not asked.matchers:
                view = self._filled(opening.incident, opening.channel, asked, [NOTHING_ASKED])
            else:
                found = await self._preview(opening.person, asked, opening.press)
                view = self._asked_again(opening.incident, opening.channel, asked, found, first=True)
        except StateUnavailable as error:
            log.warning("slack_request_not_done", asked="silence", error=said_late(error))
            view = views.told("Silence", ["The store does not answer.", SAME])
        await self.screen.update(opened, view)

    async def submit(self, submission: Submission) -> Heard:
        """Make the silence of a modal, and answer with the modal that takes its place where something is to
        be said.
        """
        asked = views.Asked(
            "\n".join(submission.matchers), submission.duration, submission.reason, submission.ticket
        )
        found = await self._preview(submission.person, asked, submission.press)
        if isinstance(found, PreviewedSilence) and (submission.confirmed or not found.warnings):
            made = await self.controls.silence(found.silence)
            if isinstance(made, Silence):
                return self._told_made(submission, made, found)
            found = made
        return in_its_place(self._asked_again(submission.incident, submission.channel, asked, found))

    def _told_made(self, submission: Submission, made: Silence, found: PreviewedSilence) -> Heard:
        policy = self.policy().rules.silences
        if policy.four_eyes and found.preview.critical and not made.approved_by:
            # One that was made before has been asked about before.
            is_new = made.created_at == found.silence.created_at
            asks = partial(self.approvals.ask, submission.channel, made) if is_new else nothing
            return in_its_place(views.told("Silence", [_made(made), wanted_second(made)]), asks)
        # The message of an incident says it; of a silence that was only written nothing else does.
        return Heard() if submission.incident else in_its_place(views.told("Silence", [_made(made)]))

    async def end(self, click: Click) -> Acted:
        """End the silences that keep the alerts of this incident quiet."""
        found = await self._read(click.incident)
        if found is None:
            return None
        snapshot, policy = found.snapshot, self.policy()
        wall = snapshot.wall(found.now)
        covering = {
            Silence.id_in(verdict.rule)
            for alert in snapshot.firing
            if (verdict := snapshot.controls.silenced(alert, wall, policy.calendar, wall, four_eyes=False))
        }
        if not covering:
            return "no silence covers it any more"
        ended: Acted = None
        for name in sorted(covering):
            ended = await self.controls.end(name, click.person.name)
        return ended

    async def _asked_of(self, incident: str, choice: str) -> views.Asked | None:
        found = await self._read(incident)
        if found is None:
            return None
        duration = {CUSTOM: DEFAULT_SILENCE, UNTIL_RESOLVED: ""}.get(choice, choice)
        return views.Asked(
            "\n".join(matchers_for(found.snapshot.shown_firing, self.policy().rules.labels.redact)),
            duration,
            "",
            "",
        )

    async def _preview(
        self, person: SlackPerson, asked: views.Asked, press: Press
    ) -> PreviewedSilence | Rejection:
        _, now = await self.controls.held()
        end = now + (parse_duration(asked.duration) or HOUR) if asked.duration else None
        requested = SilenceRequest(
            tuple(line for line in asked.matchers.splitlines() if line.strip()),
            person.name,
            ends_at=end,
            reason=asked.reason,
            ticket=asked.ticket,
            until_resolved=not asked.duration,
            slack=identity_of(person).slack,
        )
        # Named by its press: the same one that comes again makes no second silence.
        return await self.controls.preview(requested, press.mark[:8])

    def _asked_again(
        self,
        incident: str,
        channel: str,
        asked: views.Asked,
        found: PreviewedSilence | Rejection,
        *,
        first: bool = False,
    ) -> views.View:
        if isinstance(found, Rejection):
            # A reason that is wanted is asked for by its field;
            # to say so before anybody could write one is noise.
            wanted = first and found.field in ("reason", "ticket")
            hides = [] if wanted else [f"⚠️ {found.error}" + (f": {found.remedy}" if found.remedy else "")]
            warned = False
        else:
            warned = bool(found.warnings) and not first
            hides = [*hidden_lines(found), *(f"⚠️ {warning}" for warning in found.warnings)]
        return self._filled(incident, channel, asked, hides, warned=warned)

    def _filled(
        self, incident: str, channel: str, asked: views.Asked, hides: Sequence[str], *, warned: bool = False
    ) -> views.View:
        policy = self.policy().rules.silences
        return views.silence(
            incident,
            channel,
            asked,
            hides,
            warned=warned,
            reason_required=policy.reason_required,
            wants_ticket=bool(policy.ticket),
        )

    async def _open(self, trigger: str, view: views.View) -> None:
        await self.screen.open(trigger, view)

    async def _read(self, incident: str) -> VersionedSnapshot | None:
        return await read_incident(self.shards, incident, self.policy())


def hidden_lines(found: PreviewedSilence) -> list[str]:
    """Say what a silence would hide."""
    preview = found.preview
    names = ", ".join(f"{name} ×{count}" for name, count in preview.names.most_common(8))
    return [
        f"It hides {preview.firing_hidden} of {preview.firing} alerts that fire now,"
        f" and would have hidden {preview.recent_hidden} of {preview.recent} of the last 7 days"
        + (f": {names}" if names else "")
    ]


def _made(silence: Silence) -> str:
    """Say what was made, and how it is ended."""
    matchers = ", ".join(silence.matchers)
    return f"{silence.described}: {matchers}. To end it: gateway silence end {silence.id}"

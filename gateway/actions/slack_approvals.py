"""Let a second person approve in Slack what keeps critical alerts quiet, where the policy wants four eyes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from gateway.actions.controls import ControlActions
from gateway.actions.slack_heard import Afterwards, said_of
from gateway.decisions.policy import Policy
from gateway.model.controls import Rejection, Silence
from gateway.model.interactions import Approval, SlackPerson
from gateway.model.people import Identity
from gateway.outbound.slack.approval import asks_for_approval, says_approved
from gateway.outbound.slack.screen import SlackScreen


@dataclass(frozen=True, slots=True)
class SlackApprovals:
    """`policy` returns the one in force when it is called. What approves raises `StateUnavailable`."""

    controls: ControlActions
    policy: Callable[[], Policy]
    screen: SlackScreen

    async def ask(self, channel: str, made: Silence) -> None:
        """Ask everybody in the channel to approve it: its maker cannot."""
        redact = self.policy().rules.labels.redact
        await self.screen.post(channel, *asks_for_approval(made, made.starts_at, redact))

    async def approve(self, name: str, person: SlackPerson) -> Silence | Rejection:
        return await self.controls.approve(name, identity_of(person))

    async def press(self, approval: Approval) -> Afterwards:
        """Approve what the message asks for, and return what is to be shown after the answer."""
        found = await self.approve(approval.silence, approval.person)
        if isinstance(found, Rejection):
            return partial(self.screen.tell, approval.person, approval.channel, said_of(found, ""))
        said = says_approved(found, self.policy().rules.labels.redact)
        return partial(self.screen.edit, approval.channel, approval.message, *said)


def identity_of(person: SlackPerson) -> Identity:
    return Identity(person.name, slack=f"{person.team}/{person.user}")


def wanted_second(silence: Silence) -> str:
    """Say to the maker of a silence that it takes a second person, and how that one approves it."""
    return (
        "It covers no critical alert until a second person approves it: by the button in the channel, by"
        f" `/alerts approve {silence.id}`, or by `gateway silence approve {silence.id}` with a token that is bound to"
        " another Slack user."
    )

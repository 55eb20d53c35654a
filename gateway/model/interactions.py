"""The acts of a person at a vendor, as values: which button, on what they saw, and who they are."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from gateway.model.people import Actor, Press, Through, slack_ids


class Button(StrEnum):
    """The buttons and menus of a message. The values are the ids that the vendor sends back."""

    ACKNOWLEDGE = "acknowledge"
    UNACKNOWLEDGE = "unacknowledge"
    RESOLVE = "resolve"
    SILENCE = "silence"
    END_SILENCE = "end_silence"
    SNOOZE = "snooze"
    UNSNOOZE = "unsnooze"
    WHY = "why"
    ACTIONABLE = "actionable"
    NOISE = "noise"


class SlackPerson(msgspec.Struct, frozen=True, gc=False):
    """A person in a Slack workspace: ids of the workspace and the user, the
    name that others see, and the time zone where Slack was asked for it.
    """

    team: str
    user: str
    name: str
    zone: str = ""

    @property
    def id(self) -> str:
        return f"slack:{self.team}/{self.user}"


def actor_in_slack(person: SlackPerson, press: Press) -> Actor:
    return Actor(person.name, Through.SLACK, press=press, ids=slack_ids(person.user))


class Click(msgspec.Struct, frozen=True, gc=False):
    """A button was pressed, or `choice` taken from a menu. `trigger` opens a modal for three seconds."""

    person: SlackPerson
    button: Button
    incident: str
    choice: str
    channel: str
    trigger: str
    press: Press


class Submission(msgspec.Struct, frozen=True, gc=False):
    """The modal of a silence was sent off. `duration` is `1h`, or empty until what fires has ended."""

    person: SlackPerson
    incident: str
    channel: str
    matchers: tuple[str, ...]
    duration: str
    reason: str
    ticket: str
    confirmed: bool
    view: str
    press: Press


class Approval(msgspec.Struct, frozen=True, gc=False):
    """Approve was pressed on the message that asks a second person for that."""

    person: SlackPerson
    silence: str
    channel: str
    message: str


class SlashCommand(msgspec.Struct, frozen=True, gc=False):
    """`text` was written behind a slash command in a channel."""

    person: SlackPerson
    text: str
    channel: str
    trigger: str
    press: Press

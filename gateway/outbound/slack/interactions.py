"""Read what Slack sends when somebody presses a button, sends off a modal or writes a slash command.

Shapes: https://docs.slack.dev/reference/interaction-payloads and
https://docs.slack.dev/interactivity/implementing-slash-commands. Nothing of it is trusted beyond its
signature: what is not as expected is no interaction of ours.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import structlog

from gateway.model.interactions import Approval, Button, Click, SlackPerson, SlashCommand, Submission
from gateway.model.people import Press
from gateway.outbound.slack import approval
from gateway.outbound.slack.buttons import BLOCK_ID, CHOICES, SEPARATOR
from gateway.outbound.slack.views import SILENCE_VIEW, values_of

log = structlog.get_logger("gateway.slack")

MAX_NAME = 80

Interaction = Click | Submission | Approval


def read_interaction(payload: Mapping[str, Any]) -> Interaction | None:
    """Return what somebody did, None for what is none of ours, such as a link that was opened."""
    try:
        if payload.get("type") == "block_actions":
            return _approval(payload) or _click(payload)
        if payload.get("type") == "view_submission" and payload["view"]["callback_id"] == SILENCE_VIEW:
            return _submission(payload)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        # A payload without what every one of ours has: whoever pressed sees nothing happen.
        log.warning("slack_interaction_not_understood", kind=str(payload.get("type"))[:MAX_NAME])
        return None
    return None


def read_command(fields: Mapping[str, str]) -> SlashCommand | None:
    """Return the command of a form, None where its person or its trigger is missing."""
    team, user, trigger = fields.get("team_id"), fields.get("user_id"), fields.get("trigger_id", "")
    if not team or not user:
        return None
    person = SlackPerson(team, user, _name(fields.get("user_name")) or user)
    press = Press(_mark(team, user, trigger, fields.get("text", "")))
    return SlashCommand(person, fields.get("text", "").strip(), fields.get("channel_id", ""), trigger, press)


def _approval(payload: Mapping[str, Any]) -> Approval | None:
    action = payload["actions"][0]
    if (action.get("block_id"), action.get("action_id")) != (approval.BLOCK_ID, approval.APPROVE):
        return None
    container = payload["container"]
    return Approval(
        _person(payload), str(action["value"]), str(container["channel_id"]), str(container["message_ts"])
    )


def _click(payload: Mapping[str, Any]) -> Click | None:
    action = payload["actions"][0]
    if action.get("block_id") != BLOCK_ID:
        return None
    chosen = action["selected_option"] if action["type"] == "static_select" else action
    incident, generation, choice = str(chosen["value"]).split(SEPARATOR)
    person, container, button = _person(payload), payload["container"], Button(action["action_id"])
    if choice not in CHOICES.get(button, ("",)):
        raise ValueError("no menu of ours offers it")
    return Click(
        person=person,
        button=button,
        incident=incident,
        choice=choice,
        channel=str(container["channel_id"]),
        trigger=str(payload.get("trigger_id", "")),
        press=Press(
            _mark(person.team, person.user, str(action["action_ts"]), str(action["action_id"])),
            int(generation),
            str(container["message_ts"]),
            str(container["channel_id"]),
        ),
    )


def _submission(payload: Mapping[str, Any]) -> Submission:
    view, person = payload["view"], _person(payload)
    kept = json.loads(view["private_metadata"])
    given = values_of(view["state"]["values"], str(kept.get("duration", "")))
    return Submission(
        person=person,
        incident=str(kept["incident"]),
        channel=str(kept["channel"]),
        matchers=tuple(line.strip() for line in given.matchers.splitlines() if line.strip()),
        duration=given.duration,
        reason=given.reason,
        ticket=given.ticket,
        confirmed=bool(kept.get("warned")),
        view=str(view["id"]),
        # A modal is sent off once; what was wrong in it is sent off again under another hash.
        press=Press(_mark(person.team, person.user, str(view["id"]), str(view.get("hash", "")))),
    )


def _person(payload: Mapping[str, Any]) -> SlackPerson:
    """Return who pressed it. In a channel that workspaces share, the person's own workspace counts."""
    user = payload["user"]
    team = user.get("team_id") or (payload.get("team") or {}).get("id") or ""
    if not team or not user["id"]:
        raise ValueError("nobody pressed it")
    name = _name(user.get("name")) or _name(user.get("username"))
    return SlackPerson(str(team), str(user["id"]), name or str(user["id"]))


def _name(given: object) -> str:
    return given.strip()[:MAX_NAME] if isinstance(given, str) else ""


def _mark(*parts: str) -> str:
    return blake2b("\0".join(parts).encode(), digest_size=8).hexdigest()

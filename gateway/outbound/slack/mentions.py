"""Find whom rules mean by a handle, a name or an e-mail address: Slack calls people by their ids alone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import msgspec
import structlog

from gateway.model.ledger import Note, NotifiedState
from gateway.model.notification import Notification
from gateway.outbound.slack.client import Access, NotOk, SlackCalls
from gateway.outbound.slack.text import is_mention

log = structlog.get_logger("gateway.slack")

EVERYBODY_HERE = "@here"
LOOK_UP_SECONDS = 2.0  # a page waits no longer than this for all its names together
FOUND_SECONDS, UNKNOWN_SECONDS = 3_600.0, 300.0  # how long an answer is kept
ANSWERS_KEPT = 1_000
USERS_PAGE, USERS_PAGES = 1_000, 20
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def is_email(name: str) -> bool:
    return _EMAIL.fullmatch(name.strip()) is not None


@dataclass(frozen=True, slots=True)
class Called:
    """Whom a message calls. `unknown` says of each name that was not found why; then
    everybody there is called.
    """

    mentions: tuple[str, ...]
    unknown: Mapping[str, str] = field(default_factory=dict)

    @property
    def remark(self) -> str:
        """Say who is called in place of whom; empty where everybody was found."""
        names = ", ".join(f"{name} ({why})" for name, why in self.unknown.items())
        return f"{EVERYBODY_HERE} is called in place of {names}" if names else ""


class Mentions:
    """Looks names up while the gateway runs, and remembers the answers.

    `seconds` bounds one look-up of all names together, where nobody waits for a page.
    """

    def __init__(self, calls: SlackCalls, seconds: float | None = None) -> None:
        self._calls = calls
        self._seconds = seconds
        self._answers: dict[tuple[str, str], tuple[str, str, float]] = {}

    async def find(self, access: Access, names: tuple[str, ...]) -> Called:
        """Return whom to call. Never raises for what Slack does: a name must not stop a page."""
        found, unknown = list[str](), dict[str, str]()
        deadline = monotonic() + (self._seconds or LOOK_UP_SECONDS)
        for name in names:
            if is_mention(name):
                found.append(name)
                continue
            user, why = await self._id_of(access, name, deadline)
            if user:
                found.append(user)
            else:
                unknown[name] = why
        everybody = [EVERYBODY_HERE] if unknown else []
        return Called(tuple(dict.fromkeys([*everybody, *found])), unknown)

    async def in_place(self, access: Access, notification: Notification) -> Notification:
        """Put ids in the place of names in a page, and say so where everybody there is called instead."""
        if not notification.page or notification.state is not NotifiedState.FIRING:
            return notification
        called = await self._find(access, notification.mentions)
        reason = "; ".join(part for part in (notification.reason, called.remark) if part)
        return msgspec.structs.replace(notification, mentions=called.mentions, reason=reason)

    async def in_reply(
        self, access: Access, notes: tuple[Note, ...], names: tuple[str, ...]
    ) -> tuple[tuple[Note, ...], tuple[str, ...]]:
        """Do the same for a reply that calls somebody."""
        if not any(note.mention for note in notes):
            return notes, names
        called = await self._find(access, names)
        return (*notes, *([Note(called.remark)] if called.remark else [])), called.mentions

    async def _find(self, access: Access, names: tuple[str, ...]) -> Called:
        called = await self.find(access, names)
        for name, why in called.unknown.items():
            # Everybody who is there is called, and whom the rules name perhaps not.
            log.warning("slack_mention_not_found", name=name, reason=why)
        return called

    async def _id_of(self, access: Access, name: str, deadline: float) -> tuple[str, str]:
        key = (access.token, name)
        kept = self._answers.get(key)
        if kept is not None and monotonic() < kept[2]:
            return kept[0], kept[1]
        try:
            async with asyncio.timeout(deadline - monotonic()):
                found = await self._look_up(access, name.strip())
                why = "" if found else "no such group, user or address"
        except TimeoutError:
            return "", "Slack took too long"  # asked again by the next page
        except NotOk as trouble:
            found, why = "", trouble.answer.detail or trouble.answer.reason
        if len(self._answers) >= ANSWERS_KEPT:
            self._answers.clear()
        self._answers[key] = (found, why, monotonic() + (FOUND_SECONDS if found else UNKNOWN_SECONDS))
        return found, why

    async def _look_up(self, access: Access, name: str) -> str:
        """Return an id, empty where nobody has the name. Raises `NotOk`."""
        if is_email(name):
            # https://docs.slack.dev/reference/methods/users.lookupByEmail
            answer = await self._calls.call(
                "users.lookupByEmail", access, http_verb="GET", params={"email": name}
            )
            return str((answer.get("user") or {}).get("id") or "")
        handle = name.removeprefix("@").lower()
        # https://docs.slack.dev/reference/methods/usergroups.list
        groups = await self._calls.call("usergroups.list", access, http_verb="GET", params={})
        for group in groups.get("usergroups") or ():
            if str(group.get("handle", "")).lower() == handle:
                return str(group.get("id", ""))
        return await self._user_named(access, handle)

    async def _user_named(self, access: Access, handle: str) -> str:
        """https://docs.slack.dev/reference/methods/users.list"""
        params: dict[str, Any] = {"limit": USERS_PAGE}
        for _ in range(USERS_PAGES):
            answer = await self._calls.call("users.list", access, http_verb="GET", params=params)
            for user in answer.get("members") or ():
                if not user.get("deleted") and handle in _names_of(user):
                    return str(user.get("id", ""))
            params["cursor"] = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not params["cursor"]:
                break
        return ""


def _names_of(user: Mapping[str, Any]) -> set[str]:
    profile = user.get("profile") or {}
    names = (user.get("name"), user.get("real_name"), profile.get("display_name"), profile.get("real_name"))
    return {str(name).lower() for name in names if name}

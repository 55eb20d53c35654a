"""Show something to one person in Slack: a text for them alone, or a modal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog

from gateway.model.interactions import SlackPerson
from gateway.model.notification import Refused
from gateway.outbound.network import Network, Way
from gateway.outbound.slack.client import MISSING_SCOPE, Access, NotOk, SlackCalls, Trouble
from gateway.outbound.slack.text import mrkdwn_text, plain_text, running, section
from gateway.outbound.slack.threads import AS_WRITTEN, QUIET
from gateway.outbound.wording import shorten, tame

log = structlog.get_logger("gateway.slack")

CALL_SECONDS = 3.0  # the life of a trigger; nobody waits longer for an answer to a press
MAX_TEXT = 2_900


class SlackScreen:
    """Shows things to one person, as the app of the token that `token` returns. Never raises for what
    Slack does.

    A person who is shown nothing presses again; so what fails here is logged, and no more.
    """

    def __init__(self, address: str, token: Callable[[], str | None], network: Network) -> None:
        self._calls = SlackCalls(CALL_SECONDS, network)
        self._way = Way(address, network.proxy_to(address))
        self._token = token
        self._refused: set[str] = set()

    async def aclose(self) -> None:
        await self._calls.aclose()

    async def tell(self, person: SlackPerson, channel: str, text: str) -> None:
        """Say something to one person alone: https://docs.slack.dev/reference/methods/chat.postEphemeral"""
        said = shorten(tame(text), MAX_TEXT)
        await self._say(person, channel, said, section(plain_text(said)))

    async def answer(self, person: SlackPerson, channel: str, text: str) -> None:
        """Say a text of ours, whose values are escaped, to one person alone."""
        said = text[:MAX_TEXT]
        await self._say(person, channel, said, section(mrkdwn_text(said)))

    async def post(self, channel: str, text: str, blocks: Sequence[Mapping[str, Any]]) -> None:
        """Say something to everybody in the channel."""
        said = {"channel": channel, "text": running(text, MAX_TEXT), "blocks": list(blocks), **AS_WRITTEN}
        await self._call("chat.postMessage", {**said, **QUIET})

    async def edit(self, channel: str, message: str, text: str, blocks: Sequence[Mapping[str, Any]]) -> None:
        """Say something else in the place of what was posted."""
        said = {"channel": channel, "text": running(text, MAX_TEXT), "blocks": list(blocks), **AS_WRITTEN}
        await self._call("chat.update", {**said, "ts": message})

    async def open(self, trigger: str, view: Mapping[str, Any]) -> str:
        """Open a modal and return its id, empty where it did not open."""
        answer = await self._call("views.open", {"trigger_id": trigger, "view": view})
        return str((answer.get("view") or {}).get("id") or "")

    async def update(self, view_id: str, view: Mapping[str, Any]) -> None:
        await self._call("views.update", {"view_id": view_id, "view": view})

    async def members_of(self, group: str) -> Sequence[str] | None:
        """Return the users of a group, None where Slack does not say them.

        https://docs.slack.dev/reference/methods/usergroups.users.list
        """
        answer = await self._call("usergroups.users.list", {"usergroup": group}, verb="GET")
        users = answer.get("users")
        return [str(user) for user in users] if isinstance(users, list) else None

    async def _say(self, person: SlackPerson, channel: str, text: str, block: Mapping[str, Any]) -> None:
        said = {"channel": channel, "user": person.user, "text": text, "blocks": [block], **AS_WRITTEN}
        await self._call("chat.postEphemeral", said)

    async def person_of(self, email: str) -> SlackPerson | None:
        """Return whose address it is: somebody without a `user` where it is nobody's, None where Slack
        does not say.

        https://docs.slack.dev/reference/methods/users.lookupByEmail
        """
        answer = await self._call(
            "users.lookupByEmail", {"email": email}, verb="GET", nobody="users_not_found"
        )
        user = answer.get("user")
        if isinstance(user, dict) and isinstance(user.get("id"), str) and not user.get("deleted"):
            name, zone = str(user.get("name") or user["id"]), str(user.get("tz") or "")
            return SlackPerson(str(user.get("team_id") or ""), user["id"], name, zone)
        return SlackPerson("", "", "") if answer else None

    async def _call(
        self, method: str, sent: Mapping[str, Any], verb: str = "POST", nobody: str = ""
    ) -> Mapping[str, Any]:
        """Return the answer, empty where there is none. `nobody` is an error that is an answer, too."""
        token = self._token()
        if token is None:
            log.warning("slack_not_shown", method=method, reason="no_credential", detail="SLACK_BOT_TOKEN")
            return {}
        access = Access(token, self._way)
        try:
            if verb == "GET":
                answered = await self._calls.call(method, access, http_verb=verb, params=dict(sent))
            else:
                answered = await self._calls.call(method, access, json=dict(sent))
        except NotOk as trouble:
            answer = trouble.answer
            if nobody and isinstance(answer, Refused) and answer.detail == nobody:
                return {"ok": True}
            self._log(method, answer)
            return {}
        self._refused.discard(method)
        return answered

    def _log(self, method: str, answer: Trouble) -> None:
        # Groups are asked for again and again: what the app may not do is said once.
        if answer.detail == MISSING_SCOPE and method in self._refused:
            return
        if answer.detail == MISSING_SCOPE:
            self._refused.add(method)
        log.warning("slack_not_shown", method=method, reason=answer.reason, detail=answer.detail)

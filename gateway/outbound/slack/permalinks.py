"""The addresses of messages, at which whoever is paged finds the channel that talks about it.

An address begins with the workspace's own, which auth.test tells once for each token:
https://docs.slack.dev/reference/methods/auth.test
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from time import monotonic

import msgspec
import structlog

from gateway.model.ledger import MessageRef
from gateway.model.notification import Answer, Delivered
from gateway.outbound.slack.client import Access, SlackCalls

log = structlog.get_logger("gateway.slack")

WAIT = 2.0  # seconds; an address is a comfort, and a message that stands is never doubted for it
UNKNOWN_SECONDS = 300.0  # how long it is not asked again after no answer


class Permalinks:
    """The addresses of workspaces, by token."""

    def __init__(self, calls: SlackCalls) -> None:
        self._calls = calls
        self._workspaces: dict[str, str] = {}
        self._asked_in_vain: dict[str, float] = {}

    async def with_link(self, access: Access, answer: Answer) -> Answer:
        """Return the answer with the address of the message that was posted."""
        if not isinstance(answer, Delivered):
            return answer
        return msgspec.structs.replace(answer, link=await self._link(access, answer.message_ref))

    async def _link(self, access: Access, ref: MessageRef) -> str:
        workspace = self._workspaces.get(access.token) or await self._find(access)
        return f"{workspace}/archives/{ref.channel}/p{ref.id.replace('.', '')}" if workspace else ""

    async def _find(self, access: Access) -> str:
        in_vain = self._asked_in_vain.get(access.token)
        # Whoever posts a lot must not wait for each message's address while Slack is slow.
        if in_vain is not None and monotonic() - in_vain < UNKNOWN_SECONDS:
            return ""
        found = await self._workspace(access)
        if found:
            self._workspaces[access.token] = found
        else:
            self._asked_in_vain[access.token] = monotonic()
            log.info("slack_link_not_found", call="auth.test")
        return found

    async def _workspace(self, access: Access) -> str:
        try:
            async with asyncio.timeout(WAIT):
                answer = await self._calls.who(access)
        except TimeoutError:
            return ""
        return str(answer.get("url", "")).rstrip("/") if isinstance(answer, Mapping) else ""

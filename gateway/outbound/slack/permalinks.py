"""The addresses of messages, at which whoever is paged finds the channel that talks about it.

An address begins with the workspace's own, which auth.test tells once for each token:
https://docs.slack.dev/reference/methods/auth.test
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec

from gateway.model.ledger import MessageRef
from gateway.model.notification import Answer, Delivered
from gateway.outbound.slack.client import Access, SlackCalls

WAIT = 2.0  # seconds; an address is a comfort, and a message that stands is never doubted for it


class Permalinks:
    """The addresses of workspaces, by token; empty where it is not known and not asked for again."""

    def __init__(self, calls: SlackCalls) -> None:
        self._calls = calls
        self._workspaces: dict[str, str] = {}

    async def with_link(self, access: Access, answer: Answer) -> Answer:
        """Return the answer with the address of the message that was posted."""
        if not isinstance(answer, Delivered):
            return answer
        return msgspec.structs.replace(answer, link=await self._link(access, answer.message_ref))

    async def _link(self, access: Access, ref: MessageRef) -> str:
        if access.token not in self._workspaces:
            self._workspaces[access.token] = await self._workspace(access)
        workspace = self._workspaces[access.token]
        return f"{workspace}/archives/{ref.channel}/p{ref.id.replace('.', '')}" if workspace else ""

    async def _workspace(self, access: Access) -> str:
        try:
            async with asyncio.timeout(WAIT):
                answer = await self._calls.who(access)
        except TimeoutError:
            return ""
        return str(answer.get("url", "")).rstrip("/") if isinstance(answer, Mapping) else ""

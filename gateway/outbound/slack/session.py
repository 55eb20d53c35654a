"""The session that slack_sdk sends by, in place of aiohttp's own: it bounds what a call may take and read.

slack_sdk follows redirects, with the token and the text, and reads an answer to its end however long it is.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from gateway.outbound.names import Names
from gateway.outbound.network import ANSWER_BYTES, LIST_BYTES


class TooLong(aiohttp.ClientError):
    """The answer was longer than what may be read of it."""


@dataclass(frozen=True, slots=True)
class SlackAnswer:
    """An answer with its body, which slack_sdk asks for as it asks aiohttp's."""

    status: int
    headers: Mapping[str, str]
    content_type: str
    body: bytes

    async def read(self) -> bytes:
        return self.body

    async def text(self) -> str:
        return self.body.decode(errors="replace")

    async def json(self) -> Any:
        return json.loads(self.body)


class SlackSession:
    """Made inside the running loop, where aiohttp wants it. `timeout` in seconds bounds a whole call."""

    closed = False

    def __init__(self, names: Names, timeout: float) -> None:
        self._session = aiohttp.ClientSession(
            # The names have deadlines and threads of their own: aiohttp's cache would have every call wait
            # for the first that asked.
            connector=aiohttp.TCPConnector(resolver=_Resolver(names), use_dns_cache=False),
            timeout=aiohttp.ClientTimeout(total=timeout, connect=timeout / 2),
            trust_env=False,
            # An answer must not be packed: a few bytes could become millions.
            auto_decompress=False,
            headers={"Accept-Encoding": "identity"},
        )

    @asynccontextmanager
    async def request(self, verb: str, url: str, **asked: Any) -> AsyncIterator[SlackAnswer]:
        """Send one call and read its answer. Raises `aiohttp.ClientError` and `TimeoutError`."""
        # A redirect could lead the token to another host: https://www.rfc-editor.org/rfc/rfc9110#section-15.4
        async with self._session.request(verb, url, allow_redirects=False, **asked) as answer:
            body = await _start(answer, LIST_BYTES if verb == "GET" else ANSWER_BYTES)
        yield SlackAnswer(answer.status, answer.headers, answer.content_type, body)

    async def close(self) -> None:
        await self._session.close()


async def _start(answer: aiohttp.ClientResponse, largest: int) -> bytes:
    body = bytearray()
    async for part in answer.content.iter_any():
        body += part
        if len(body) > largest:
            answer.close()
            raise TooLong(f"an answer of more than {largest >> 20} MiB")
    return bytes(body)


class _Resolver(AbstractResolver):
    def __init__(self, names: Names) -> None:
        self._names = names

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=str(place[0]), port=port, family=found, proto=protocol, flags=0)
            for found, _, protocol, _, place in await self._names.look_up(host, port)
            if family in (0, found)
        ]

    async def close(self) -> None:
        """Do nothing, since nothing is kept."""

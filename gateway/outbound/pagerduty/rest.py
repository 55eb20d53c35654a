"""PagerDuty by its REST API: each question has a deadline for the whole of it.

https://developer.pagerduty.com/api-reference
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from gateway.model.notification import Refused, Unanswered
from gateway.outbound.network import Network
from gateway.outbound.thread_call import ThreadCall

API_TOKEN = "PAGERDUTY_API_TOKEN"  # noqa: S105 - a name
CALL_SECONDS = 8.0
WORKERS = 2  # one for a call that hangs yet, and one for the next call

Params = Mapping[str, str | int | list[str]]
Read = Mapping[str, Any] | Refused | Unanswered


class PagerDutyRest:
    """`token` returns the token of the moment, None while there is none. `url` is the API's base.

    PagerDuty's client is imported by the first question alone: most gateways have no token.
    """

    def __init__(
        self, url: str, token: Callable[[], str | None], network: Network, timeout: float = CALL_SECONDS
    ) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._network = network
        self._timeout = timeout
        self._pool = ThreadPoolExecutor(WORKERS, "pagerduty-rest")
        self._tls = network.tls_when_needed("urllib3")

    @property
    def wanted(self) -> bool:
        return bool(self._token())

    async def aclose(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def get(self, path: str, params: Params | None = None) -> Read:
        """Return what was answered, or why there is nothing."""
        return await self._ask(path, params or {})

    async def post(self, path: str, said: Mapping[str, Any], sender: str) -> Read:
        """Write something. `sender` is the address of the user who does."""
        return await self._ask(path, {}, said, sender)

    async def _ask(
        self, path: str, params: Params, said: Mapping[str, Any] | None = None, sender: str = ""
    ) -> Read:
        from gateway.outbound.pagerduty.rest_call import Question, ask

        token = self._token()
        if not token:
            return Refused("no_credential", f"{API_TOKEN} is not set")
        proxy = self._network.proxy_to(self._url)
        question = Question(token, self._url, proxy, path, params, said, sender)
        call = ThreadCall(self._network.names, self._timeout)
        try:
            async with asyncio.timeout(self._timeout):
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self._pool, lambda: ask(question, self._tls(), call))
        except TimeoutError:
            return Unanswered("timeout")
        finally:
            # Without its connection the thread is free at once.
            call.cut()

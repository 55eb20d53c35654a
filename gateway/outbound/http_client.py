"""A client of HTTP whose calls end: each has one deadline for everything, and reads no more than it is told.

Redirects are not followed, as they could lead a token to another host
(https://www.rfc-editor.org/rfc/rfc9110#section-15.4), and nothing of the environment is taken.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx
from anyio.abc import SocketStream
from httpcore._backends.anyio import AnyIOStream  # the stream of httpcore's own backend has no public name

from gateway.outbound.names import Names
from gateway.outbound.network import Network


class TooLong(httpx.HTTPError):
    """The answer was longer than what may be read of it."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """The head of an answer and what was read of its body. `cut` says why that is not all of it."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: TimeoutError | httpx.HTTPError | None = None


_WHOLE: TimeoutError | httpx.HTTPError | None = None


class HttpClient:
    """Keeps connections. `proxy` is the one on the way; `connect` in seconds bounds how long a connection may
    take to be made.
    """

    def __init__(
        self,
        network: Network,
        *,
        proxy: str | None = None,
        connect: float,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        tls = network.tls("httpx")
        # A proxy that is itself reached by TLS has to be trusted as well.
        over_tls = tls if proxy and proxy.startswith("https:") else None
        transport = _Transport(
            network.names,
            verify=tls,
            trust_env=False,
            proxy=httpx.Proxy(proxy, ssl_context=over_tls) if proxy else None,
        )
        self._client = httpx.AsyncClient(
            transport=transport,
            trust_env=False,
            follow_redirects=False,
            # The deadline of a call bounds everything else.
            timeout=httpx.Timeout(None, connect=connect),
            # An answer is read as it comes, so it must not be packed: a few bytes could become millions.
            headers={"Accept-Encoding": "identity", **(headers or {})},
        )

    async def ask(
        self, method: str, url: str | httpx.URL, *, seconds: float, largest: int, **asked: Any
    ) -> HttpAnswer:
        """Send one request and read at most `largest` bytes of the answer within `seconds`.

        Raises `TimeoutError`, `httpx.HTTPError` and `httpx.InvalidURL` where there was no answer at all. One
        that broke off has its head and what was read.
        """
        head: httpx.Response | None = None
        body, cut = bytearray(), _WHOLE
        try:
            async with asyncio.timeout(seconds), self._client.stream(method, url, **asked) as head:
                async for part in head.aiter_raw():
                    body += part
                    if len(body) > largest:
                        cut = TooLong(f"an answer of more than {largest} bytes")
                        break
        except (TimeoutError, httpx.HTTPError) as error:
            if head is None:
                raise
            cut = error
        return HttpAnswer(head.status_code, head.headers, bytes(body[:largest]), cut)

    async def aclose(self) -> None:
        await self._client.aclose()


class _Transport(httpx.AsyncHTTPTransport):
    """httpx has no parameter that says how connections are made; httpcore's pool, which it stands on, has."""

    def __init__(self, names: Names, **given: Any) -> None:
        super().__init__(**given)
        self._pool._network_backend = _Dialling(names)


class _Dialling(httpcore.AsyncNetworkBackend):
    """Connects by our own look-up of names; the deadline of the call cancels it."""

    def __init__(self, names: Names) -> None:
        self._names = names

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        del local_address, socket_options
        try:
            async with asyncio.timeout(timeout):
                line = await self._names.dial(host, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        return _Line(await SocketStream.from_socket(line))


class _Line(AnyIOStream):
    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> httpcore.AsyncNetworkStream:
        try:
            return await super().start_tls(ssl_context, server_hostname, timeout)
        except asyncio.CancelledError:
            # httpcore closes the connection after errors alone, and not when the deadline of a call is over.
            await self.aclose()
            raise

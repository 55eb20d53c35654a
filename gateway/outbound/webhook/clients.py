"""The clients of HTTP that webhooks are sent by: one for each proxy, as a client goes through one alone."""

from __future__ import annotations

import ssl

import httpx

USER_AGENT = "alert-gateway"
CLIENTS_KEPT = 16


class Clients:
    """`timeout` in seconds bounds one POST."""

    def __init__(self, timeout: float, tls: ssl.SSLContext) -> None:
        self._timeout = timeout
        self._tls = tls
        self._clients: dict[str | None, httpx.AsyncClient] = {}

    async def aclose(self) -> None:
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    async def through(self, proxy: str | None) -> httpx.AsyncClient:
        """Return the client of this proxy; None goes directly."""
        if proxy not in self._clients:
            if len(self._clients) >= CLIENTS_KEPT:
                # The oldest belongs to a proxy that is no longer taken, such as one with an old password.
                await self._clients.pop(next(iter(self._clients))).aclose()
            self._clients[proxy] = self._made(proxy)
        return self._clients[proxy]

    def _made(self, proxy: str | None) -> httpx.AsyncClient:
        # A proxy that is itself reached by TLS has to be trusted as well.
        tls = self._tls if proxy and proxy.startswith("https:") else None
        return httpx.AsyncClient(
            # The proxy is a setting of the gateway: a variable of the
            # environment must not lead alerts elsewhere.
            trust_env=False,
            # A redirect could lead the bearer token to another host:
            # https://www.rfc-editor.org/rfc/rfc9110#section-15.4
            follow_redirects=False,
            proxy=httpx.Proxy(proxy, ssl_context=tls) if proxy else None,
            verify=self._tls,
            timeout=httpx.Timeout(self._timeout, connect=self._timeout / 2),
            # The start of an answer is read as it comes, so it must not be packed.
            headers={
                "User-Agent": USER_AGENT,
                "Content-Type": "application/json",
                "Accept-Encoding": "identity",
            },
        )

"""The clients of HTTP that webhooks are sent by: one for each proxy, as a client goes through one alone."""

from __future__ import annotations

from gateway.outbound.http_client import HttpClient
from gateway.outbound.network import Network

USER_AGENT = "alert-gateway"
CLIENTS_KEPT = 16


class Clients:
    """`connect` in seconds bounds how long a connection may take to be made."""

    def __init__(self, network: Network, connect: float) -> None:
        self._network = network
        self._connect = connect
        self._clients: dict[str | None, HttpClient] = {}

    async def aclose(self) -> None:
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    async def through(self, proxy: str | None) -> HttpClient:
        """Return the client of this proxy; None goes directly."""
        if proxy not in self._clients:
            if len(self._clients) >= CLIENTS_KEPT:
                # The oldest belongs to a proxy that is no longer taken, such as one with an old password.
                await self._clients.pop(next(iter(self._clients))).aclose()
            headers = {"User-Agent": USER_AGENT, "Content-Type": "application/json"}
            self._clients[proxy] = HttpClient(
                self._network, proxy=proxy, connect=self._connect, headers=headers
            )
        return self._clients[proxy]

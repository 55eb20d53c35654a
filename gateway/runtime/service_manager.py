"""Tell systemd that the gateway listens, how it does, that its event loop turns, and that it stops."""

from __future__ import annotations

import asyncio
import socket

import structlog

from gateway.config.service_manager import ServiceManagerSettings

log = structlog.get_logger("gateway.service_manager")

BEATS_PER_DEADLINE = 3  # so that two may be late, and systemd still waits


class ServiceManager:
    """Sends one datagram a message to the socket of the service manager, and nothing where there is none.

    A message that does not arrive is logged once: systemd then takes the gateway for one that does not
    start or hangs, and starts it anew.
    """

    def __init__(self, settings: ServiceManagerSettings) -> None:
        self._settings = settings
        self._heard = True

    def listening(self) -> None:
        """Say that the port is open. A store that is away is no reason to start the gateway anew."""
        self._tell("READY=1\nSTATUS=listening, waiting for the store")

    def working(self, address: str) -> None:
        self._tell(f"STATUS=takes webhooks on {address}")

    def stopping(self) -> None:
        self._tell("STOPPING=1\nSTATUS=finishing deliveries")

    async def beat(self) -> None:
        """Say for ever that the event loop turns, `BEATS_PER_DEADLINE` times as often as the watchdog asks.

        Return at once where there is no watchdog.
        """
        if self._settings.watchdog_seconds is None:
            return
        while True:
            self._tell("WATCHDOG=1")
            await asyncio.sleep(self._settings.watchdog_seconds / BEATS_PER_DEADLINE)

    def _tell(self, message: str) -> None:
        if not self._settings.address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.setblocking(False)
                sender.sendto(message.encode(), self._settings.address)
        except OSError as error:
            if self._heard:
                log.warning(
                    "service_manager_unreachable",
                    error=str(error),
                    address=str(self._settings.address),
                    remedy="NOTIFY_SOCKET has to be a socket that this process may write to: see `systemctl status`",
                )
            self._heard = False
        else:
            self._heard = True

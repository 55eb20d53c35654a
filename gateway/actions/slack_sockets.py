"""Hold a connection to Slack in two of the replicas, so that one is left when the other stops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from uuid import uuid4

import msgspec
import structlog

from gateway.errors import StateUnavailable
from gateway.model.cells import SLACK_SOCKETS
from gateway.model.changes import Changes, Query, Result
from gateway.model.durations import SECOND
from gateway.outbound.slack.socket_mode import SlackSocket
from gateway.state.shards import Shards
from gateway.state.transact import transact
from gateway.telemetry.own_work import OWN_WORK

log = structlog.get_logger("gateway.slack")

SEATS = 2  # Slack allows ten connections of an app
SEAT_MS = 30 * SECOND
LOOK_SECONDS = 10.0


class SlackSockets:
    """Opens a connection while this replica has one of the seats, and closes it when it has none any more.

    `wanted` returns whether there is a token, and `make` a connection by it that is not open yet.
    """

    def __init__(self, shards: Shards, wanted: Callable[[], bool], make: Callable[[], SlackSocket]) -> None:
        self._shards = shards
        self._wanted = wanted
        self._make = make
        self._holder = uuid4().hex[:12]
        self._socket: SlackSocket | None = None

    async def run(self) -> None:
        try:
            while True:
                await self.look()
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            await self._close()

    async def give_back(self) -> None:
        """Leave the seat to another replica at once. The store may be away: the seat ends by itself then."""
        await self._close()
        try:
            await self._sit(0)
        except StateUnavailable as error:
            with OWN_WORK.failed("slack_socket"):
                log.debug("slack_seat_not_given_back", error=str(error))

    async def look(self) -> None:
        """Take a seat, or keep it, and have a connection exactly while it is ours."""
        if not self._wanted():
            # Somebody may set a token later.
            if self._socket is not None:
                await self.give_back()
            return
        try:
            seated = await self._sit(SEAT_MS)
        except StateUnavailable as error:
            # Who sits elsewhere is not known: a connection more does no harm, and one less might.
            seated = self._socket is not None
            with OWN_WORK.failed("slack_socket"):
                log.debug("slack_seat_not_known", seated=seated, error=str(error))
        # Slack's client connects anew by itself, but goes on and on at an address that is good for half a
        # minute alone, and by the token that it began with.
        if not seated or (self._socket is not None and not await self._socket.connected()):
            await self._close()
        if seated and self._socket is None:
            await self._open()

    async def _open(self) -> None:
        socket = self._make()
        trouble = await socket.open()
        if not trouble:
            self._socket = socket
            log.info("slack_socket_open")
            return
        with OWN_WORK.failed("slack_socket"):
            # What people press in Slack does not come here, or comes to other replicas alone.
            log.warning("slack_socket_not_open", reason=trouble)
        await socket.close()

    async def _close(self) -> None:
        if self._socket is not None:
            await self._socket.close()
            self._socket = None
            log.info("slack_socket_closed")

    async def _sit(self, length: int) -> bool:
        """Return whether a seat is ours for `length` ms; 0 gives it back."""
        home = self._shards.home

        def decide(gathered: Result) -> tuple[Changes | None, bool]:
            row, now = gathered.rows[SLACK_SOCKETS], gathered.now
            known = msgspec.msgpack.decode(row.value, type=dict[str, int]) if row.value else {}
            seats = {holder: until for holder, until in known.items() if until > now}
            if self._holder not in seats and (not length or len(seats) >= SEATS):
                return None, False
            seats[self._holder] = now + length
            kept = {holder: until for holder, until in seats.items() if until > now}
            changes = Changes(
                expect={SLACK_SOCKETS: row.version}, put={SLACK_SOCKETS: msgspec.msgpack.encode(kept)}
            )
            return changes, bool(length)

        read = partial(home.gather, Query(cells=(SLACK_SOCKETS,)))
        return (await transact(home, "slack_sockets", read, decide)).answer

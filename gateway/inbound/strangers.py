"""Connections on which nobody has shown a valid token: few are kept, and those that idle go first.

Anybody who reaches the port can open connections and hold them. Each costs a descriptor, which the store
and the senders of pages need too. So strangers share a small number of them, in which nobody is refused:
whoever comes in takes the place of the one that has idled longest.

A newcomer has a moment in which it takes nobody's place and gives its own to nobody. Without it a burst of
connections would push out those that came with it, before what they ask had been read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import MutableMapping
from typing import Any, Protocol

MAX_STRANGERS = 256
MAX_OF_ONE_ADDRESS = MAX_STRANGERS // 2
MAX_NEWCOMERS = 2_048
NEWCOMER_SECONDS = 1.0
SHOW_TOKEN = "show_token"  # noqa: S105 - the key in a request's state under which `has_shown_token` is called


class Connection(Protocol):
    """A connection as the registry sees it; `address` is where it comes from."""

    address: str

    def hang_up(self) -> None: ...


class Strangers:
    """The connections without a token. Those that wait for a request idle, in the order in which they
    began to.

    `newcomers` is how many there may be beside the others, for as long as they are new.
    """

    def __init__(self, newcomers: int = MAX_NEWCOMERS) -> None:
        self._newcomers = newcomers
        self._new: dict[Connection, None] = {}
        self._idle: dict[Connection, None] = {}
        self._busy: set[Connection] = set()
        self._by_address: Counter[str] = Counter()  # of those that are not new

    def __len__(self) -> int:
        return len(self._new) + len(self._idle) + len(self._busy)

    def __contains__(self, connection: Connection) -> bool:
        return connection in self._new or connection in self._idle or connection in self._busy

    def come(self, connection: Connection) -> None:
        """Take a connection in that has just been made."""
        self._new[connection] = None
        if len(self._new) > self._newcomers:
            self.stay(next(iter(self._new)))

    def stay(self, connection: Connection) -> None:
        """This connection is not new any more, and idles."""
        if connection in self._new:
            del self._new[connection]
            self._idle[connection] = None
            self._take_place(connection)

    def ask(self, connection: Connection) -> None:
        """A request has come in whole on this connection."""
        if connection in self._new:
            del self._new[connection]
            self._busy.add(connection)
            self._take_place(connection)
        elif connection in self._idle:
            del self._idle[connection]
            self._busy.add(connection)

    def idle(self, connection: Connection) -> None:
        """This connection waits for its next request, or does not read its answer."""
        if connection in self._busy:
            self._busy.discard(connection)
            self._idle[connection] = None

    def leave(self, connection: Connection) -> None:
        """This connection is closed, or no stranger's any more."""
        if connection in self._new:
            del self._new[connection]
            return
        if connection not in self:
            return
        self._idle.pop(connection, None)
        self._busy.discard(connection)
        self._by_address[connection.address] -= 1
        if not self._by_address[connection.address]:
            del self._by_address[connection.address]

    def _take_place(self, connection: Connection) -> None:
        self._by_address[connection.address] += 1
        # One address alone leaves half of the places to others.
        if self._by_address[connection.address] > MAX_OF_ONE_ADDRESS:
            self._make_room(connection, of=connection.address)
        elif len(self._idle) + len(self._busy) > MAX_STRANGERS:
            self._make_room(connection)

    def _make_room(self, newest: Connection, of: str | None = None) -> None:
        """Hang up on the stranger that has idled longest. A request that is worked on is not cut off."""
        oldest = next(
            (
                connection
                for connection in self._idle
                if connection is not newest and of in (None, connection.address)
            ),
            None,
        )
        if oldest is not None:
            self.leave(oldest)
            oldest.hang_up()


def show_token(scope: MutableMapping[str, Any]) -> None:
    """Say that a request has shown a valid token: its connection is kept, and is no stranger's any more."""
    has_shown_token = scope.get("state", {}).get(SHOW_TOKEN)
    if has_shown_token is not None:
        has_shown_token()

"""The primaries of a Redis or Valkey Cluster, each asked for the keys of its hash slots.

It is a router of our own over redis-py's clients of single nodes: docs/adr/0013 says why. A redirection is
followed, since the command was not executed; after any other error nothing is sent again. Where a node has
failed, the map of hash slots is read anew before the next command.
https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from redis.crc import key_slot
from redis.exceptions import AskError, ClusterDownError, MovedError, RedisError, ResponseError

from gateway.errors import StateUnavailable
from gateway.storage.connections.server import OF_THE_SERVER, Command, Server

# redis-cli gives up after as many. Each is a hop, or a map that is older than the last move.
MAX_REDIRECTIONS = 5
Place = tuple[str, int]


class ClusterServers:
    """The nodes of one cluster.

    `seeds` are some of them, by which the others are found; `open_node` makes a server of an address.
    """

    def __init__(self, seeds: Sequence[Place], open_node: Callable[[str, int], Server]) -> None:
        self._seeds = seeds
        self._open = open_node
        self._nodes: dict[Place, Server] = {}
        self._ranges: list[tuple[int, int, Place]] = []
        self._replicas: list[Place] = []
        self._stale = True
        self._suspect: Place | None = None
        self._looking = asyncio.Lock()

    async def send(self, key: str, commands: Sequence[Command]) -> list[Any]:
        place, asking = await self._primary(key), False
        for _ in range(MAX_REDIRECTIONS):
            try:
                if asking:
                    return (await self._node(place).send([("ASKING",), *commands]))[1:]
                return await self._node(place).send(commands)
            except MovedError as error:
                self._stale = True  # where one slot has moved, others may have
                place, asking = (error.host or place[0], error.port), False
            except AskError as error:
                # The slot is being moved and this key is already there: only this command goes to the other
                # node.
                place, asking = (error.host or place[0], error.port), True
            except (*OF_THE_SERVER, ClusterDownError):
                self._stale, self._suspect = True, place
                raise
        raise StateUnavailable("the nodes of the cluster send a question to each other")

    async def primaries(self) -> list[tuple[str, Server]]:
        await self._look()
        slots: dict[Place, list[str]] = {}
        for first, last, place in self._ranges:
            slots.setdefault(place, []).append(f"{first}-{last}")
        named = [(f"primary of slots {', '.join(ranges)}", place) for place, ranges in slots.items()]
        return [(name, self._node(place)) for name, place in named]

    def doubt(self, key: str) -> None:
        self._stale, self._suspect = True, self._known(key)

    async def aclose(self) -> None:
        for node in self._nodes.values():
            await node.aclose()

    async def _primary(self, key: str) -> Place:
        if self._stale:
            # One task reads the map while the others wait: a failing
            # cluster is not asked by every webhook at once.
            async with self._looking:
                if self._stale:
                    await self._look()
        place = self._known(key)
        if place is None:
            self._stale = True
            raise StateUnavailable("no node of the cluster has the slot that is asked for")
        return place

    def _known(self, key: str) -> Place | None:
        slot = key_slot(key.encode())
        return next((place for first, last, place in self._ranges if first <= slot <= last), None)

    async def _look(self) -> None:
        """Read the map of slots from the first node that answers. The node that has just failed is asked
        last.

        Raises the last error where none answers.
        """
        known = dict.fromkeys((*(place for _, _, place in self._ranges), *self._replicas, *self._seeds))
        trouble: Exception = StateUnavailable("no node of the cluster is known")
        for place in sorted(known, key=lambda node: node == self._suspect):
            try:
                (found,) = await self._node(place).send([("CLUSTER SLOTS",)])
            except ResponseError:
                trouble = StateUnavailable("it is no cluster: write redis://host:6379")
                continue
            except (RedisError, OSError) as error:
                trouble = error
                continue
            self._ranges = [(first, last, _place(primary, place)) for first, last, primary, *_ in found]
            self._replicas = [_place(replica, place) for _, _, _, *replicas in found for replica in replicas]
            self._stale, self._suspect = False, None
            return
        raise trouble

    def _node(self, place: Place) -> Server:
        if place not in self._nodes:
            self._nodes[place] = self._open(*place)
        return self._nodes[place]


def _place(told: Sequence[Any], teller: Place) -> Place:
    """Read a node's address from `[host, port, id, …]`, as `teller` gave it.

    A node that does not know its own host leaves it out, and is where it was asked:
    https://redis.io/docs/latest/commands/cluster-slots/
    """
    host, port = told[0], int(told[1])
    return (host.decode() if host else teller[0], port)

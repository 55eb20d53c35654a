"""A connection to Slack that has died, or whose token is gone, is not kept for the sake of its seat."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gateway.actions.slack_sockets import SlackSockets
from tests.support.world import World


@dataclass
class Connection:
    """A connection that writes down what becomes of it."""

    token: str
    alive: bool = True
    closed: bool = False

    async def open(self) -> str:
        return ""

    async def close(self) -> None:
        self.closed = True

    async def connected(self) -> bool:
        return self.alive and not self.closed


@dataclass
class Replica:
    token: str = "first"
    made: list[Connection] = field(default_factory=list)

    def sockets(self, world: World) -> SlackSockets:
        def make() -> Any:
            self.made.append(Connection(self.token))
            return self.made[-1]

        return SlackSockets(world.shards, lambda: bool(self.token), make)


async def test_a_connection_that_does_not_come_back_is_made_anew_by_the_token_of_today() -> None:
    replica = Replica()
    sockets = replica.sockets(World())
    await sockets.look()
    await sockets.look()
    assert len(replica.made) == 1
    replica.token, replica.made[0].alive = "second", False
    await sockets.look()
    assert [(one.token, one.closed) for one in replica.made] == [("first", True), ("second", False)]


async def test_without_a_token_the_connection_is_closed_and_its_seat_is_another_replicas() -> None:
    world, replica, another, third = World(), Replica(), Replica(), Replica()
    sockets, waiting = replica.sockets(world), third.sockets(world)
    for one in (sockets, another.sockets(world), waiting):
        await one.look()
    assert not third.made
    replica.token = ""
    await sockets.look()
    assert replica.made[0].closed
    await waiting.look()
    assert third.made

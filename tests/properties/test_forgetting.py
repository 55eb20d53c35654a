"""Whatever is forgotten to make room, whoever was told that something fires is told its end."""

from __future__ import annotations

import asyncio

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.model.durations import DAY, HOUR, MINUTE
from gateway.model.ledger import NotifiedState
from gateway.model.notification import Refused
from gateway.reconcile.make_room import RoomMaker
from tests.support.build import seen
from tests.support.world import Destinations, World

NAMES = ("A", "B", "C")
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["fires", "ends"]),
            st.sampled_from(NAMES),
            st.sampled_from(["critical", "warning"]),
        ),
        st.tuples(st.sampled_from(["chat", "pager", "token"]), st.booleans()),
        st.tuples(st.just("waits"), st.sampled_from([MINUTE, 20 * MINUTE, HOUR, 3 * HOUR])),
        st.tuples(st.just("makes room")),
    ),
    max_size=25,
)


class History(World):
    """Alerts that come and go, vendors that go away, and a store that is told to make room at any time."""

    started: dict[str, tuple[int, str]]

    async def lives(self, steps: list[tuple[object, ...]]) -> None:
        self.started = {}
        room = RoomMaker(self.store, lambda: self.reconciler.context.policy.rules.sources)
        for step in steps:
            await self.takes(step)
            while step == ("makes room",) and await room.make_room():
                pass
            self.at += 1000
        self.slack.down = self.pagerduty.down = False
        self.slack.refuses = None
        for name in tuple(self.started):
            await self.ends(name)
        await self.until(self.at + DAY)

    async def takes(self, step: tuple[object, ...]) -> None:
        match step:
            case ("fires", str(name), str(severity)) if name not in self.started:
                self.started[name] = (self.at, severity)
                await self.webhook(seen(name, at=self.at, service=name, severity=severity))
            case ("ends", str(name), _):
                await self.ends(name)
            case ("chat", bool(down)):
                self.slack.down = down
            case ("token", bool(revoked)):
                self.slack.refuses = Refused("auth", permanent=True) if revoked else None
            case ("pager", bool(down)):
                self.pagerduty.down = down
            case ("waits", int(time)):
                await self.until(self.at + time)

    async def ends(self, name: str) -> None:
        if name in self.started:
            start, severity = self.started.pop(name)
            await self.webhook(seen(name, at=start, ends=self.at, service=name, severity=severity))


REVOKED_LATE: list[tuple[object, ...]] = [
    ("fires", "A", "warning"),
    ("waits", MINUTE),
    ("token", True),
    ("ends", "A", ""),
    ("waits", 3 * HOUR),
    ("makes room",),
]


def last_told(vendor: Destinations) -> dict[str, NotifiedState]:
    """The state that each incident was told in last."""
    return {sent.notification.incident: sent.state for sent in vendor.sent if sent.notification is not None}


@settings(max_examples=40)
@example(steps=REVOKED_LATE)
@given(steps=STEPS)
def test_no_end_that_is_owed_is_forgotten(steps: list[tuple[object, ...]]) -> None:
    world = History()
    asyncio.run(world.lives(steps))
    for vendor in (world.slack, world.pagerduty):
        assert set(last_told(vendor).values()) <= {NotifiedState.ENDED}
    assert not any(world.imbalances().values())
    assert world.store.counted.get("ends_forgotten", 0) == 0

"""The copies of a relay are looked for now and then, however many events come."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.decisions.intake.correlate import Correlator
from gateway.intake.group_commit import GroupCommit
from gateway.intake.held_copies import LOOK_SECONDS, HeldCopies
from gateway.intake.parse_webhook import Parsed
from gateway.model.alert import Observation
from gateway.model.changes import Row, Table
from gateway.model.copy_key import copy_key
from gateway.model.fingerprint import fingerprint, identity
from gateway.state.shards import Shards
from gateway.storage.memory import MemoryStore
from tests.support.build import START, rulebook, seen


class Counting(MemoryStore):
    """A store that counts how many pages it was asked for."""

    looks = 0

    async def page(
        self, table: Table, cursor: int, count: int, named: str = "*"
    ) -> tuple[int, dict[str, Row]]:
        self.looks += 1
        return await super().page(table, cursor, count, named)


@dataclass
class Source:
    """A source whose alerts come through a relay that adds a label; `at` is the clock in seconds."""

    at: float = 0.0
    store: Counting = field(default_factory=lambda: Counting(lambda: START))

    def __post_init__(self) -> None:
        self.held = HeldCopies(Shards([self.store]), lambda: self.at)
        self.intake = GroupCommit(
            self.store, Correlator(rulebook()), woken=lambda: None, taken=lambda *_: None
        )

    async def relays(self, pod: str) -> None:
        at_source = seen(pod=pod).labels
        labels = {**at_source, "relay": "a"}
        relayed = Observation(
            copy=copy_key("default", fingerprint(at_source), labels),
            alert=identity(labels),
            labels=labels,
            annotations={},
            severity=seen().severity,
            firing=True,
            starts_at=START,
            ends_at=None,
        )
        await self.intake.accept([relayed], [])

    async def ended_copy(self, pod: str) -> str:
        """Return the copy that the recorder's end of this alert is taken for."""
        parsed = Parsed("default", [seen(pod=pod, ends=60_000)], [])
        return (await self.held.find(parsed)).seen[0].copy


async def test_the_copies_of_a_relay_are_looked_for_twice_a_minute_however_many_events_come() -> None:
    source = Source()
    for number in range(20):
        await source.relays(str(number))
    for number in range(20):
        assert "#" in await source.ended_copy(str(number))
    assert source.store.looks == 1
    source.at += LOOK_SECONDS
    await source.ended_copy("0")
    assert source.store.looks == 2


async def test_an_alert_that_a_relay_has_brought_since_is_found_at_the_next_look() -> None:
    source = Source()
    await source.ended_copy("early")
    await source.relays("late")
    assert "#" not in await source.ended_copy("late")
    source.at += LOOK_SECONDS
    assert "#" in await source.ended_copy("late")


async def test_an_alert_that_came_as_its_source_has_it_is_looked_for_by_nobody() -> None:
    source = Source()
    await source.intake.accept([seen(pod="a")], [])
    assert await source.ended_copy("a") == seen(pod="a").copy
    assert source.store.looks == 0

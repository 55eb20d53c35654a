"""A full store takes what must be heard, of each source as much as its share of the reserve."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import msgspec
import pytest

from gateway.decisions.intake.correlate import Correlator
from gateway.decisions.intake.full_store import NEW_ALERT_BYTES
from gateway.errors import StateFull
from gateway.intake.group_commit import GroupCommit
from gateway.intake.pieces import MAX_COMMIT_ALERTS
from gateway.model.alert import Observation
from gateway.model.cells import RESERVE
from gateway.model.changes import Changes, Committed, Query, Result, Table
from gateway.model.own_alert import OwnAlert
from gateway.model.quarantined import Quarantined
from gateway.model.records import load_alert
from gateway.model.reserve import Reserve, dump_reserve_use, load_reserve_use
from gateway.storage.memory import MemoryStore
from tests.support.build import START, rulebook, seen


@dataclass
class Full:
    """A store that takes nothing that grows while it is `full`, and the intake over it."""

    share: int = 100 * NEW_ALERT_BYTES  # of each source
    full: bool = True
    store: MemoryStore = field(default_factory=lambda: MemoryStore(lambda: START))
    lost_races: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        reserve = Reserve(limit=20 * 2 * self.share)
        assert reserve.share == self.share
        self.intake = GroupCommit(
            self,  # type: ignore[arg-type]
            Correlator(rulebook()),
            woken=lambda: None,
            taken=lambda *_: None,
            reserve=reserve,
        )

    async def gather(self, ask: Query) -> Result:
        return await self.store.gather(ask)

    async def commit(self, changes: Changes) -> Committed:
        if self.full and changes.grows:
            raise StateFull("the store is full")
        return await self.store.commit(changes)

    async def takes(self, *observations: Observation, quarantined: list[Quarantined] | None = None) -> bool:
        """Whether a webhook is answered 200."""
        try:
            await self.intake.accept(observations, quarantined or [])
        except StateFull:
            return False
        return True

    @property
    def known(self) -> dict[str, bool]:
        """The alerts in the store by name, and whether they fire."""
        alerts = [load_alert(row.value) for row in self.store.rows[Table.ALERTS].values()]
        return {alert.labels["alertname"]: alert.firing for alert in alerts}


def of(source: str, observation: Observation) -> Observation:
    return msgspec.structs.replace(observation, copy=observation.copy.replace("default/", f"{source}/"))


async def test_a_new_critical_alert_is_taken_and_a_new_warning_comes_again() -> None:
    store = Full()
    assert await store.takes(seen("Page"))
    assert not await store.takes(seen("Note", severity="warning"))
    assert store.known == {"Page": True}


async def test_a_body_with_both_is_stored_as_far_as_it_can_be_and_its_repeat_counts_once() -> None:
    store = Full()
    both = [seen("Page"), seen("Note", severity="warning")]
    assert not await store.takes(*both)
    assert not await store.takes(*both)
    store.full = False
    assert await store.takes(*both)
    assert store.known == {"Page": True, "Note": True}
    assert store.store.counted["seen:opened:first_firing"] == 2
    assert store.store.counted["open:counted"] == 2
    # Two tries of which one of two was taken, and one of both
    assert store.store.counted["received"] == 4


async def test_what_fires_is_repeated_and_ended_whatever_its_severity() -> None:
    store = Full(full=False)
    assert await store.takes(seen("Note", severity="warning"), seen("Page"))
    store.full = True
    assert await store.takes(seen("Note", severity="warning"), seen("Page"))
    assert await store.takes(seen("Note", severity="warning", ends=60_000), seen("Page", ends=60_000))
    assert store.known == {"Note": False, "Page": False}


async def test_a_source_that_calls_everything_critical_fills_its_own_share_alone() -> None:
    store = Full(share=5 * NEW_ALERT_BYTES)
    flood = [await store.takes(of("loud", seen(f"Page{number}"))) for number in range(40)]
    assert flood[0]
    assert not any(flood[5:])
    assert await store.takes(of("quiet", seen("Page")))
    assert store.known["Page"]


async def test_one_body_takes_no_more_than_the_share_of_its_source() -> None:
    store = Full(share=5 * NEW_ALERT_BYTES)
    assert not await store.takes(*(of("loud", seen(f"Page{number}")) for number in range(40)))
    assert 0 < len(store.known) <= 5


async def test_an_end_of_what_nobody_knows_counts_like_a_new_alert() -> None:
    store = Full(share=5 * NEW_ALERT_BYTES)
    answers = [await store.takes(of("loud", seen(f"Over{number}", ends=60_000))) for number in range(40)]
    assert answers[0]
    assert not any(answers[5:])


async def test_the_end_of_a_firing_that_was_left_out_is_left_out_too() -> None:
    """Alone it would make the firing look like an old webhook that comes late when both are sent again."""
    store = Full()
    assert not await store.takes(
        seen("Note", severity="warning"), seen("Note", severity="warning", ends=60_000)
    )
    assert store.known == {}


async def test_an_own_alert_is_taken_whatever_its_severity() -> None:
    store = Full()
    assert await store.takes(OwnAlert("GatewayBehind", {}).observed(START, firing=True))


async def test_the_reserve_is_free_again_once_the_store_is_not_full() -> None:
    store = Full(share=2 * NEW_ALERT_BYTES)
    assert await store.takes(seen("First"))
    assert not await store.takes(seen("Second"))
    store.full = False
    assert await store.takes(seen("Note", severity="warning"))
    assert RESERVE.field not in store.store.rows[Table.META]
    store.full = True
    assert await store.takes(seen("Third"))


@pytest.mark.parametrize("severity", ["critical", "warning"])
async def test_what_a_webhook_has_for_the_quarantine_counts_once(severity: str) -> None:
    store = Full()
    odd = Quarantined("default", "alerts[1].labels", "no labels", b"{}")
    answers = [await store.takes(seen("Alert", severity=severity), quarantined=[odd]) for _ in range(3)]
    store.full = False
    if not answers[-1]:
        assert await store.takes(seen("Alert", severity=severity), quarantined=[odd])
    assert answers == [severity == "critical"] * 3
    assert store.store.counted["quarantine_entries"] == 1
    assert store.store.counted["seen:quarantined:malformed"] == (3 if severity == "critical" else 1)


async def test_what_a_large_webhook_has_for_the_quarantine_comes_again_with_what_was_left_out() -> None:
    """A webhook of several pieces, of which the last is taken whole."""
    store = Full(share=1_000 * NEW_ALERT_BYTES)
    odd = Quarantined("default", "alerts[1].labels", "no labels", b"{}")
    large = [
        seen("Note", severity="warning"),
        *(seen(f"Page{number}") for number in range(MAX_COMMIT_ALERTS)),
    ]
    assert not await store.takes(*large, quarantined=[odd])
    store.full = False
    assert await store.takes(*large, quarantined=[odd])
    assert store.store.counted["seen:quarantined:malformed"] == 1


async def test_what_another_replica_takes_meanwhile_counts_too() -> None:
    store = Full(share=10 * NEW_ALERT_BYTES)
    gather, others = store.store.gather, dump_reserve_use({"default": 9 * NEW_ALERT_BYTES})
    reads = 0

    async def gather_before_another(ask: Query) -> Result:
        nonlocal reads
        result = await gather(ask)
        reads += RESERVE in ask.cells
        # The webhook is read for the full store, and will be read without what is left out.
        if RESERVE in ask.cells and reads == 2:
            await store.store.commit(Changes(put={RESERVE: others}))
        return result

    store.store.gather = gather_before_another  # type: ignore[method-assign]
    assert not await store.takes(seen("Page"), seen("Note", severity="warning"))
    used = load_reserve_use(store.store.rows[Table.META][RESERVE.field].value)
    assert used["default"] >= 9 * NEW_ALERT_BYTES


async def test_two_shards_and_two_sources_share_one_reserve() -> None:
    whole = Reserve(limit=1 << 30)
    shared = Reserve(shards=2, sources=3, limit=1 << 30)
    assert shared.share * 2 * (3 + 1) <= whole.limit / 20  # type: ignore[operator]

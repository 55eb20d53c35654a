"""Webhooks that come together are committed together; a lost race is decided again, and no webhook fails
another.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
import pytest

from gateway.decisions.intake.correlate import Correlator
from gateway.errors import StateFull, StateUnavailable
from gateway.intake.commit_part import keep
from gateway.intake.group_commit import GroupCommit
from gateway.model.alert import Observation
from gateway.model.changes import Cell, Changes, Committed, Query, Result, Table
from gateway.model.quarantined import Quarantined
from gateway.model.records import load_alert
from gateway.state.transact import COMMIT_ATTEMPTS, FENCE_MS
from gateway.storage.memory import MemoryStore
from tests.support.build import START, rulebook, seen
from tests.support.patience import PATIENCE


@dataclass
class Crowd:
    """Between what we read and what we write somebody else writes, `races` times."""

    store: MemoryStore
    races: int
    commits: list[str] = field(default_factory=list)
    full: bool = False
    hangs: asyncio.Event | None = None
    lost_races: Counter[str] = field(default_factory=Counter)
    outcomes: list[tuple[str, str]] = field(default_factory=list)  # of what was committed together

    async def gather(self, ask: Query) -> Result:
        if self.hangs is not None:
            await self.hangs.wait()
        found = await self.store.gather(ask)
        if self.races and ask.alerts:
            self.races -= 1
            cell = Cell(Table.ALERTS, ask.alerts[0])
            await self.store.commit(Changes(put={cell: found.alerts[0][1].value}))
        return found

    async def commit(self, changes: Changes) -> Committed:
        if self.full and changes.grows:
            raise StateFull("the store is full")
        done = await self.store.commit(changes)
        self.commits.append(f"{done.outcome}{' fenced off' if changes.fence else ''}")
        return done

    async def fence(self, holder: str, length: int) -> bool:
        return await self.store.fence(holder, length)


@dataclass
class Slow:
    """A replica that is held up once between reading and writing."""

    store: MemoryStore
    has_read: asyncio.Event = field(default_factory=asyncio.Event)
    lost_races: Counter[str] = field(default_factory=Counter)

    async def gather(self, ask: Query) -> Result:
        found = await self.store.gather(ask)
        if not self.has_read.is_set():
            self.has_read.set()
            await asyncio.sleep(0.01)
        return found

    async def commit(self, changes: Changes) -> Committed:
        return await self.store.commit(changes)


def crowded(races: int, clock: Callable[[], int] = lambda: START) -> tuple[GroupCommit, Crowd]:
    crowd = Crowd(MemoryStore(clock), races)
    intake = GroupCommit(
        crowd,  # type: ignore[arg-type]
        Correlator(rulebook()),
        woken=lambda: None,
        taken=lambda *_: None,
        count=lambda what, outcome: crowd.outcomes.append((what, outcome)),
    )
    return intake, crowd


async def known(intake: GroupCommit, one: Observation) -> None:
    await intake.accept([one], [])


async def test_webhooks_that_are_committed_together_are_told_what_was_decided_of_their_own_alerts() -> None:
    intake, crowd = crowded(0)
    await known(intake, seen(service="pay"))
    webhooks = [
        [seen(service="pay"), seen(service="cart")],
        [seen(service="mail")],
        [seen(service="pay", ends=60_000)],
    ]
    found = await asyncio.gather(*(intake.accept(webhook, []) for webhook in webhooks))
    reasons = [[verdict.reason.value for verdict in verdicts] for verdicts in found]
    assert reasons == [["still_firing", "first_firing"], ["first_firing"], ["last_copy_ended"]]
    assert len(crowd.commits) < 1 + len(webhooks)


async def test_a_lost_race_is_decided_again_on_what_the_other_left() -> None:
    intake, crowd = crowded(0)
    await known(intake, seen())
    crowd.races = 2
    await intake.accept([seen(ends=60_000)], [])
    assert crowd.commits == ["done", "lost", "lost", "done"]
    assert crowd.store.counted["open:counted"] == 0


async def test_after_three_lost_races_a_fence_keeps_the_others_out() -> None:
    intake, crowd = crowded(0)
    await known(intake, seen())
    crowd.races = COMMIT_ATTEMPTS
    await intake.accept([seen(ends=60_000)], [])
    assert crowd.commits[-1] == "done fenced off"
    assert intake.lost_races == COMMIT_ATTEMPTS


async def test_the_fence_is_given_back() -> None:
    intake, crowd = crowded(0)
    await known(intake, seen())
    crowd.races = COMMIT_ATTEMPTS
    await intake.accept([seen(ends=60_000)], [])
    assert await crowd.store.fence("somebody", FENCE_MS)


async def test_whoever_meets_a_fence_waits_until_it_ends() -> None:
    at = [START]
    intake, crowd = crowded(0, lambda: at[0])
    await crowd.store.fence("somebody", FENCE_MS)
    taken = asyncio.create_task(intake.accept([seen()], []))
    while len(crowd.commits) < COMMIT_ATTEMPTS:
        await asyncio.sleep(0)
    at[0] += FENCE_MS + 1
    await taken
    assert set(crowd.commits) == {"fenced", "done"}
    assert crowd.commits[-1] == "done"
    assert intake.lost_races == 0


async def test_a_slot_that_never_comes_free_is_an_answer_and_nothing_is_half_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.state.commit.FENCE_PATIENCE", 3)
    intake, crowd = crowded(0)
    await crowd.store.fence("somebody", FENCE_MS)
    with pytest.raises(StateUnavailable, match="too many writers"):
        await intake.accept([seen()], [])
    assert not crowd.store.rows[Table.ALERTS]
    assert not crowd.store.counted


async def test_webhooks_that_come_together_share_a_commit() -> None:
    intake, crowd = crowded(0)
    await asyncio.gather(*(intake.accept([seen(service=f"s{number}")], []) for number in range(20)))
    assert len(crowd.commits) == 1


async def test_a_webhook_that_cannot_be_decided_fails_alone() -> None:
    """Its own fault is its own; the neighbours in the same commit are taken."""
    intake, crowd = crowded(0)
    broken: Observation = None  # type: ignore[assignment]
    answers = await asyncio.gather(
        intake.accept([seen(service="before")], []),
        intake.accept([broken], []),
        intake.accept([seen(service="after")], []),
        return_exceptions=True,
    )
    assert [isinstance(answer, Exception) for answer in answers] == [False, True, False]
    assert crowd.outcomes == [("webhooks", outcome) for outcome in ("fault", "taken", "fault", "taken")]
    assert len(crowd.store.rows[Table.ALERTS]) == 2


async def test_a_sender_that_goes_away_takes_nothing_back() -> None:
    intake, crowd = crowded(0)
    gone = asyncio.create_task(intake.accept([seen()], []))
    await asyncio.sleep(0)
    gone.cancel()
    await intake.drain()
    assert len(crowd.store.rows[Table.ALERTS]) == 1


async def test_a_full_store_refuses_what_opens_and_takes_what_ends() -> None:
    intake, crowd = crowded(0)
    await known(intake, seen("Old"))
    await known(intake, seen("Older"))
    crowd.full = True
    mixed = [seen("Newer", severity="warning"), seen("Older", ends=60_000)]
    answers = await asyncio.gather(
        intake.accept([seen("New", severity="warning")], []),
        intake.accept([seen("Old", ends=60_000)], []),
        intake.accept(mixed, []),
        return_exceptions=True,
    )
    assert [type(answer).__name__ for answer in answers] == ["StateFull", "list", "StateFull"]
    assert crowd.outcomes.count(("webhooks", "store_full")) == 3
    assert crowd.outcomes[-1] == ("reserve", "taken")
    assert crowd.store.counted["open:counted"] == 0


async def test_what_waits_for_a_store_that_hangs_is_forgotten_with_its_sender() -> None:
    intake, crowd = crowded(0)
    crowd.hangs = asyncio.Event()
    senders = []
    for number in range(50):
        senders.append(asyncio.create_task(intake.accept([seen(service=f"s{number}")], [])))
        await asyncio.sleep(0)
    for sender in senders:
        sender.cancel()
    await asyncio.wait(senders)
    crowd.hangs.set()
    await intake.drain()
    assert len(crowd.store.rows[Table.ALERTS]) == 1


async def test_a_body_over_a_round_is_taken_in_parts_and_its_strays_are_counted_once() -> None:
    intake, crowd = crowded(0)
    quarantined = Quarantined("default", "alerts[3].labels", "no labels", b"{}")
    await intake.accept([seen(service=f"s{number}") for number in range(600)], [quarantined])
    assert crowd.commits == ["done"] * 3
    assert (crowd.store.counted["received"], crowd.store.counted["quarantine_entries"]) == (601, 1)


async def test_the_same_copy_seen_first_by_two_replicas_with_other_rules_belongs_to_one_alert() -> None:
    """One replica has reloaded `labels.ignore` already: both work out another identity for the same copy."""
    intake, crowd = crowded(0)
    slow = Slow(crowd.store)
    others = GroupCommit(slow, Correlator(rulebook()), woken=lambda: None, taken=lambda *_: None)  # type: ignore[arg-type]
    one, other = seen(), msgspec.structs.replace(seen(), alert=seen(pod="a").alert)
    waiting = asyncio.create_task(others.accept([one], []))
    await asyncio.wait_for(slow.has_read.wait(), PATIENCE)
    await intake.accept([other], [])
    await waiting
    alerts = [load_alert(row.value) for row in crowd.store.rows[Table.ALERTS].values()]
    assert [len(alert.copies) for alert in alerts] == [1]


async def test_strays_of_one_source_with_one_fault_are_one_entry() -> None:
    one = Quarantined("eu", "alerts[0].labels", "no labels", b"first")
    other = Quarantined("eu", "alerts[0].labels", "no labels", b"second")
    assert keep(one).id == keep(other).id
    assert keep(one).id != keep(Quarantined("us", "alerts[0].labels", "no labels", b"first")).id


async def test_a_store_that_is_away_is_asked_once_for_all_that_wait_together() -> None:
    intake, crowd = crowded(0)

    async def away(_ask: Query) -> Result:
        raise StateUnavailable("away")

    crowd.gather = away  # type: ignore[method-assign]
    together = [intake.accept([seen(service=f"s{number}")], []) for number in range(3)]
    answers = await asyncio.gather(*together, return_exceptions=True)
    assert [str(answer) for answer in answers] == ["away"] * 3
    assert crowd.outcomes == [("webhooks", "store_away")]


async def test_a_commit_that_a_library_cuts_off_asks_its_senders_to_come_again() -> None:
    intake, crowd = crowded(0)

    async def cut_off(_ask: Query) -> Result:
        raise asyncio.CancelledError

    crowd.gather = cut_off  # type: ignore[method-assign]
    with pytest.raises(StateUnavailable, match="cut off"):
        await intake.accept([seen()], [])
    assert crowd.outcomes == [("webhooks", "store_away")]

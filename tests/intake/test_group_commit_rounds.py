"""What arrives together is committed together, in rounds that keep the store free for others."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import msgspec
import pytest

from gateway.decisions.intake.correlate import Correlator
from gateway.intake.commit_part import keep
from gateway.intake.group_commit import MAX_COMMIT_ALERTS, GroupCommit
from gateway.model.cells import heartbeat_cell
from gateway.model.changes import Changes, Committed, Query
from gateway.model.quarantined import Quarantined
from gateway.model.verdict import Outcome, Reason, Taken
from gateway.model.watchdog import load_heartbeat
from gateway.storage.memory import MemoryStore
from tests.support.build import START, rulebook, seen

STRAY = Quarantined("default", "alerts[].labels", "not a mapping", b"{}")


class Counting(MemoryStore):
    """A store that keeps what it was asked to commit."""

    def __init__(self) -> None:
        super().__init__(lambda: START)
        self.committed: list[Changes] = []

    async def commit(self, changes: Changes) -> Committed:
        self.committed.append(changes)
        return await super().commit(changes)


@dataclass
class Shard:
    """One shard's intake, what it said was taken, and how often it woke the reconciler."""

    store: Counting = field(default_factory=Counting)
    taken: list[Taken] = field(default_factory=list)
    woken: int = 0

    def __post_init__(self) -> None:
        self.intake = GroupCommit(
            self.store,
            Correlator(rulebook()),
            woken=self._wake,
            taken=lambda verdicts, _now: self.taken.extend(verdicts),
        )

    def _wake(self) -> None:
        self.woken += 1


async def test_webhooks_that_wait_for_a_commit_share_the_next_one() -> None:
    shard = Shard()
    await asyncio.gather(*[shard.intake.accept([seen(pod=str(number))], []) for number in range(10)])
    assert len(shard.store.committed) == 1
    assert (shard.store.counted["received"], shard.woken) == (10, 1)
    assert shard.intake.crowded()


async def test_a_large_webhook_is_committed_in_rounds_and_wakes_the_reconciler_once() -> None:
    shard = Shard()
    await shard.intake.accept([seen(pod=str(number)) for number in range(MAX_COMMIT_ALERTS + 1)], [STRAY])
    assert [changes.count["received"] for changes in shard.store.committed] == [MAX_COMMIT_ALERTS, 2]
    assert shard.woken == 1
    assert not shard.intake.crowded(), "one webhook by itself is no crowd"


async def test_everything_that_was_taken_is_said_with_its_verdict() -> None:
    shard = Shard()
    await shard.intake.accept([seen(), seen()], [STRAY, msgspec.structs.replace(STRAY, whole=True)])
    assert [(taken.outcome, taken.reason) for taken in shard.taken] == [
        (Outcome.OPENED, Reason.FIRST_FIRING),
        (Outcome.REPEATED, Reason.STILL_FIRING),
        (Outcome.QUARANTINED, Reason.MALFORMED),
    ]
    assert shard.store.counted["received"] == 3, "a body that is no webhook is no observation"


async def test_a_heartbeat_is_written_down_before_the_ends_that_come_with_it() -> None:
    shard = Shard()
    await shard.intake.accept([seen(pod=str(number)) for number in range(MAX_COMMIT_ALERTS + 1)], [], ["eu"])
    assert [heartbeat_cell("eu") in changes.put for changes in shard.store.committed] == [True, False]
    row = (await shard.store.gather(Query(cells=(heartbeat_cell("eu"),)))).rows[heartbeat_cell("eu")]
    assert load_heartbeat(row.value) == START


async def test_what_was_accepted_is_committed_at_the_end_though_nobody_waits_for_it_any_more() -> None:
    shard = Shard()
    sender = asyncio.create_task(shard.intake.accept([seen()], []))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    sender.cancel()
    await shard.intake.drain()
    assert shard.store.counted["received"] == 1


@pytest.mark.parametrize(
    ("other", "same"),
    [
        pytest.param({"raw": b"[]"}, True, id="other bytes with the same fault are counted with them"),
        pytest.param({"source": "eu"}, False, id="another source"),
        pytest.param({"field": "alerts[].startsAt"}, False, id="another place"),
        pytest.param({"error": "too long"}, False, id="another error"),
        pytest.param({"whole": True}, False, id="a whole body"),
    ],
)
def test_which_alerts_are_one_entry_of_the_quarantine(other: dict[str, object], same: bool) -> None:
    assert (keep(STRAY).id == keep(msgspec.structs.replace(STRAY, **other)).id) is same

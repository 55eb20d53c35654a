"""What arrives together is committed together, in rounds that keep the store free for others."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import msgspec
import pytest

from gateway.decisions.intake.correlate import Correlator
from gateway.errors import StateUnavailable
from gateway.intake import group_commit
from gateway.intake.commit_part import keep
from gateway.intake.group_commit import GroupCommit
from gateway.intake.pieces import MAX_COMMIT_ALERTS
from gateway.intake.turns import Turn
from gateway.model.cells import heartbeat_cell
from gateway.model.changes import Changes, Committed, Query
from gateway.model.durations import MINUTE
from gateway.model.quarantined import Quarantined
from gateway.model.verdict import Outcome, Reason, Taken
from gateway.model.watchdog import load_heartbeat
from gateway.storage.memory import MemoryStore
from tests.support.build import START, rulebook, seen

STRAY = Quarantined("default", "alerts[].labels", "not a mapping", b"{}")


class Counting(MemoryStore):
    """A store that keeps what it was asked to commit, which takes a minute each time."""

    def __init__(self) -> None:
        self.at = START
        super().__init__(lambda: self.at)
        self.committed: list[Changes] = []

    async def commit(self, changes: Changes) -> Committed:
        self.committed.append(changes)
        self.at += MINUTE
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


async def test_webhooks_that_wait_for_a_commit_share_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "CROWDED_SECONDS", 3_600.0)
    shard = Shard()
    await asyncio.gather(*[shard.intake.accept([seen(pod=str(number))], []) for number in range(10)])
    assert len(shard.store.committed) == 1
    assert (shard.store.counted["received"], shard.woken) == (10, 1)
    assert not shard.intake.crowded(), "they may have met by chance"
    await asyncio.gather(*[shard.intake.accept([seen(pod=str(number))], []) for number in range(10, 20)])
    assert shard.intake.crowded(), "they come in faster than one by one"


async def test_a_large_webhook_is_committed_in_rounds_and_wakes_the_reconciler_once() -> None:
    shard = Shard()
    await shard.intake.accept([seen(pod=str(number)) for number in range(MAX_COMMIT_ALERTS + 1)], [STRAY])
    assert [changes.count["received"] for changes in shard.store.committed] == [MAX_COMMIT_ALERTS, 2]
    assert shard.woken == 1
    assert not shard.intake.crowded(), "one webhook by itself is no crowd"


async def test_what_puts_nothing_on_the_agenda_wakes_nobody() -> None:
    shard = Shard()
    for _ in range(2):
        await shard.intake.accept([seen(pod="1")], [])
    assert [taken.outcome for taken in shard.taken] == [Outcome.OPENED, Outcome.REPEATED]
    assert shard.woken == 1


async def test_one_alert_of_another_source_waits_for_no_more_than_the_round_under_way() -> None:
    shard, order = Shard(), list[str]()

    async def send(source: str, count: int) -> None:
        alerts = [seen(pod=f"{source}-{number}") for number in range(count)]
        await shard.intake.accept(alerts, [], turn=Turn(source))
        order.append(source)

    async with asyncio.TaskGroup() as senders:
        for _ in range(3):
            senders.create_task(send("us", 20 * MAX_COMMIT_ALERTS))
        await asyncio.sleep(0)
        senders.create_task(send("eu", 1))
    assert order[0] == "eu"
    first = next(place for place, done in enumerate(shard.store.committed) if "eu-0" in str(done.put))
    assert first <= 1
    # The three webhooks of one source say the same alerts: each of them is counted once as new.
    assert shard.store.counted["seen:opened:first_firing"] == 20 * MAX_COMMIT_ALERTS + 1


async def test_the_alerts_of_a_body_keep_their_order_over_all_of_its_rounds() -> None:
    shard = Shard()
    ends = [seen(pod=str(number), ends=60_000) for number in range(MAX_COMMIT_ALERTS)]
    await shard.intake.accept([*[seen(pod=str(number)) for number in range(MAX_COMMIT_ALERTS)], *ends], [])
    outcomes = [taken.outcome for taken in shard.taken]
    assert outcomes == [Outcome.OPENED] * MAX_COMMIT_ALERTS + [Outcome.ENDED] * MAX_COMMIT_ALERTS


class Failing(Counting):
    """Takes two commits, and more once it is `well`."""

    well = False

    async def commit(self, changes: Changes) -> Committed:
        if not self.well and len(self.committed) == 2:
            raise StateUnavailable("away")
        return await super().commit(changes)


async def test_a_webhook_of_which_one_round_fails_is_refused_and_its_repeat_counts_once() -> None:
    store = Failing()
    shard = Shard(store)
    alerts = [seen(pod=str(number)) for number in range(4 * MAX_COMMIT_ALERTS)]
    with pytest.raises(StateUnavailable):
        await shard.intake.accept(alerts, [])
    assert store.counted["seen:opened:first_firing"] == 2 * MAX_COMMIT_ALERTS
    store.well = True
    await shard.intake.accept(alerts, [])
    assert store.counted["seen:opened:first_firing"] == 4 * MAX_COMMIT_ALERTS


async def test_a_sender_that_hangs_up_leaves_the_rest_of_its_webhook() -> None:
    shard = Shard()
    sender = asyncio.create_task(
        shard.intake.accept([seen(pod=str(number)) for number in range(10 * MAX_COMMIT_ALERTS)], [])
    )
    while not shard.store.committed:
        await asyncio.sleep(0)
    sender.cancel()
    await shard.intake.drain()
    assert len(shard.store.committed) <= 3


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

"""What every store answers when room is to be made in it."""

from __future__ import annotations

from gateway.model.agenda import EXPIRY_PRIORITY, Subject
from gateway.model.changes import Cell, Changes, LogEntry, Table
from gateway.model.lanes import LaneRule
from gateway.ports import State

FIRST, SECOND, THIRD = Subject.expire("i1"), Subject.expire_alert("a2"), Subject.expire("i3")


async def wait(store: State, **more: int) -> int:
    """Have three subjects wait to be forgotten, the first in an hour, and some others be on the agenda too."""
    now = await store.now()
    changes = Changes()
    for hours, subject in enumerate((FIRST, SECOND, THIRD), 1):
        changes.schedule(subject, now + hours * 3_600_000, EXPIRY_PRIORITY)
    changes.schedule(Subject.plan("i1"), now + 1_800_000, EXPIRY_PRIORITY)
    changes.schedule(Subject.expire("i4"), now, 0)
    await store.commit(changes)
    return now


async def test_what_waits_to_be_forgotten_comes_the_oldest_first(store: State) -> None:
    now = await wait(store)
    times = [now + hours * 3_600_000 for hours in (1, 2, 3)]
    assert await store.expiring(0, 10) == list(zip((FIRST, SECOND, THIRD), times, strict=True))
    assert await store.expiring(0, 2) == list(zip((FIRST, SECOND), times[:2], strict=True))
    assert await store.expiring(times[1], 10) == list(zip((SECOND, THIRD), times[1:], strict=True))
    assert await store.expiring(times[2] + 1, 10) == []


async def test_a_subject_leaves_the_agenda_unless_somebody_works_on_it(store: State) -> None:
    await wait(store)
    (claim,) = (await store.claim(1, 20_000, LaneRule())).claims
    assert claim.subject == Subject.expire("i4")
    await store.commit(Changes(unschedule=[SECOND, claim.subject, Subject.expire("nowhere")]))
    assert [subject for subject, _ in await store.expiring(0, 10)] == [FIRST, THIRD]
    depth = (await store.agenda()).depth
    assert depth == 4  # the plan, and the one that is worked on


async def test_a_sample_has_rows_of_the_table_each_once(store: State) -> None:
    assert await store.sample(Table.ALERTS, 10) == []
    rows = {Cell(Table.ALERTS, f"a{number}"): b"%d" % number for number in range(20)}
    await store.commit(Changes(put=rows))
    assert {row.value for row in await store.sample(Table.ALERTS, 50)} == set(rows.values())
    some = [row.value for row in await store.sample(Table.ALERTS, 5)]
    assert len(set(some)) == 5
    assert set(some) <= set(rows.values())


async def test_the_log_is_cut_at_its_old_end(store: State) -> None:
    for part in range(10):
        entries = [LogEntry("i1", "said", {"number": 100 * part + number}) for number in range(100)]
        await store.commit(Changes(log=entries))
    await store.cut_log(200)
    left = [entry.detail["number"] for _, entry in await store.timeline(None, 2_000)]
    assert left == list(range(999, 999 - len(left), -1))
    assert 200 <= len(left) < 400  # a server cuts off whole blocks

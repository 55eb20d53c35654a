"""An incident is read whole: its episodes, what its targets were told, and what its rules ask of other
alerts.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.decisions.policy import Policy
from gateway.model.cells import CONTROLS, heartbeat_cell
from gateway.model.changes import Cell, Changes, Table
from gateway.model.controls import Controls, Switch
from gateway.model.durations import HOUR, MINUTE
from gateway.model.ledger import Ledger, ledger_cell
from gateway.model.records import dump
from gateway.model.rules.kinds import InhibitRule, Watchdog
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.rulebook import Rulebook
from gateway.state.snapshots import read_snapshot, read_snapshots
from gateway.state.versioned_snapshot import VersionedSnapshot
from gateway.storage.memory import MemoryStore
from tests.decisions.cases import alert, incident
from tests.support.build import START, match, rulebook, seen
from tests.support.world import World

FIRST, SECOND = alert(episode=1, ended=MINUTE), alert(episode=2, at=2 * MINUTE)


async def stored(**rows: bytes) -> MemoryStore:
    """An incident with two episodes of one alert, of which the older is past, told to chat."""
    store = MemoryStore(lambda: START + HOUR)
    whole = incident(FIRST, SECOND, targets=("chat", "pager"))
    put = {
        Cell(Table.INCIDENTS, "inc"): dump(whole),
        Cell(Table.ALERTS, FIRST.id): dump(SECOND),
        Cell(Table.PAST, FIRST.episode_id): dump(FIRST),
        ledger_cell("inc", "chat"): dump(Ledger("inc", "chat", "chat")),
    }
    await store.commit(Changes(put=put | {Cell(Table.META, name): row for name, row in rows.items()}))
    return store


async def read(store: MemoryStore, rules: Rulebook | None = None) -> VersionedSnapshot:
    found = await read_snapshot(store, "inc", Policy(rules) if rules else None)
    assert found is not None
    return found


async def test_an_incident_has_its_episodes_and_ledgers_whether_they_are_past_or_not() -> None:
    found = await read(await stored())
    assert found.snapshot.alerts == {FIRST.episode_id: FIRST, SECOND.episode_id: SECOND}
    assert found.newest == {SECOND.episode_id}
    assert set(found.snapshot.ledgers) == {"chat"}, "nobody was told at the pager yet"
    assert found.now == START + HOUR


async def test_an_incident_that_is_not_there_is_none_among_others() -> None:
    found = await read_snapshots(await stored(), ["gone", "inc"])
    assert [versioned is None for versioned in found] == [True, False]


@pytest.mark.parametrize(
    ("row", "closed"),
    [
        pytest.param(
            f"{START} {START + 2 * HOUR}".encode(), {"chat": START}, id="its vendor has closed the lane"
        ),
        pytest.param(f"{START} {START + HOUR}".encode(), {}, id="the lane is open again"),
    ],
)
async def test_a_closed_lane_is_known_with_the_incident(row: bytes, closed: dict[str, int]) -> None:
    assert (await read(await stored(**{"closed:chat": row}))).snapshot.closed_lanes == closed


async def test_what_people_ordered_is_known_with_the_incident() -> None:
    store = await stored()
    await store.commit(
        Changes(put={CONTROLS: dump(Controls(1, pause=Switch("ann", START, START + 2 * HOUR)))})
    )
    assert (await read(store)).snapshot.controls.pause(START + HOUR) is not None


@pytest.mark.parametrize(
    ("cell", "lost"),
    [
        pytest.param(Cell(Table.INCIDENTS, "inc"), True, id="the incident"),
        pytest.param(ledger_cell("inc", "chat"), True, id="what a target was told"),
        pytest.param(ledger_cell("inc", "pager"), True, id="a first ledger where there was none"),
        pytest.param(ledger_cell("inc", "other"), False, id="what concerns another target"),
    ],
)
async def test_a_decision_is_lost_where_somebody_changed_what_it_was_made_of(cell: Cell, lost: bool) -> None:
    store = await stored()
    expected = (await read(store)).expect("inc", "chat", "pager")
    await store.commit(Changes(put={cell: b"changed"}))
    committed = await store.commit(Changes(expect=expected, put={Cell(Table.META, "x"): b"1"}))
    assert (committed.outcome == "lost") is lost


async def test_with_the_rules_the_alerts_that_keep_its_members_quiet_are_known() -> None:
    inhibit = InhibitRule("node-down", BUILT_IN, match("alertname=NodeDown"), match("alertname=Slow"))
    world = World(replace(rulebook(), inhibit=(inhibit,)))
    await world.webhook(seen("NodeDown"), seen("Slow", service="pay"))
    (slow,) = [
        whole for whole in world.incidents if whole.members[0].alert == seen("Slow", service="pay").alert
    ]
    found = await read_snapshot(world.store, slow.id, world.reconciler.context.policy)
    assert found is not None
    assert [source.name for source in found.snapshot.topic_sources.values()] == ["NodeDown"]
    assert set(found.topics) > set(found.snapshot.topic_sources), "topics that nobody is in are watched too"
    without = await read_snapshot(world.store, slow.id)
    assert without is not None
    assert without.snapshot.topic_sources == {}


async def test_an_end_that_waits_for_a_heartbeat_is_decided_again_when_one_comes() -> None:
    dog = Watchdog("eu", BUILT_IN, match("alertname=Watchdog"), MINUTE, hold_resolves=True)
    world = World(replace(rulebook(), watchdogs={"eu": dog}))
    await world.webhook(seen())
    await world.until(MINUTE)
    await world.webhook(seen(ends=MINUTE))
    (whole,) = world.incidents
    found = await read_snapshot(world.store, whole.id, world.reconciler.context.policy)
    assert found is not None
    assert found.awaited == (heartbeat_cell("eu"),)
    assert heartbeat_cell("eu") in found.expect(whole.id)
    assert whole.resolved_at is None

"""People say of pages whether they were worth it."""

from __future__ import annotations

import pytest

from gateway.actions.labels import LabelActions
from gateway.model.changes import Changes
from gateway.model.durations import MINUTE
from gateway.model.statistics.events import Label
from gateway.state.commit import commit
from gateway.state.persons import Persons
from tests.flows.test_escalation import fired, rules
from tests.support.build import START, someone
from tests.support.world import World


def labels(world: World) -> LabelActions:
    return LabelActions(world.shards, Persons(world.shards.home, str))


async def with_foreign_events(world: World) -> str:
    """Page, and write events of other incidents that would be noticed if they were read."""
    incident = await fired(world)
    await commit(world.store, Changes(events={f"other{number}|pager|1": b"{}" for number in range(3)}))
    return incident


async def test_a_label_of_an_incident_reads_the_events_of_that_one_alone() -> None:
    world = World(rules())
    incident = await with_foreign_events(world)
    given = await labels(world).give(incident, (), "noise", None, someone("ann"))
    assert isinstance(given, Label)
    assert given.pages == (f"{incident}|pager|1",)
    # By the store's clock, which gives the page its time, too.
    assert given.said_at == START + world.at


async def test_a_label_of_pages_and_its_withdrawal_read_nothing_else() -> None:
    world = World(rules())
    incident = await with_foreign_events(world)
    given = await labels(world).give("", (f"{incident}|pager|1",), "actionable", None, someone("ann"))
    assert isinstance(given, Label)
    assert await labels(world).withdraw(given.id, someone("ben")) == f"you have given no label {given.id}"
    assert isinstance(await labels(world).withdraw(given.id, someone("ann")), Label)


@pytest.mark.parametrize("incident", ["nothing", "*", "[a-", "other?"])
async def test_what_has_paged_nobody_is_not_labelled(incident: str) -> None:
    world = World(rules())
    await with_foreign_events(world)
    await world.until(2 * MINUTE)
    found = await labels(world).give(incident, (), "noise", None, someone("ann"))
    assert found == f"incident {incident} has paged nobody"
    assert await labels(world).give("", ("other9|pager|1",), "noise", None, someone("ann")) == (
        "there is no page other9|pager|1"
    )

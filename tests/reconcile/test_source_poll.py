"""A source is looked at as long as there is something to find out about it."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from gateway.model.agenda import Subject
from gateway.model.alert import Observation
from gateway.model.cells import source_state_cell
from gateway.model.changes import Changes, Table
from gateway.model.durations import DAY, HOUR, MINUTE
from gateway.model.rules.origin import BUILT_IN, SecretName
from gateway.model.rules.rulebook import Rulebook
from gateway.model.rules.source import Source
from gateway.model.source_peers import Active, PeerReport
from tests.support.build import START, rulebook, seen
from tests.support.world import World

SILENT = Source(
    "eu", BUILT_IN, token=SecretName("HOOK_EU"), group_interval=MINUTE, repeat_interval=30 * MINUTE
)
ASKED = replace(SILENT, alertmanager=(SecretName("AM"),), receiver="gateway")
UNKNOWN = Source("eu", BUILT_IN, token=SecretName("HOOK_EU"))


def rules(*sources: Source) -> Rulebook:
    return replace(rulebook(), listed_sources={source.name: source for source in sources})


async def world_of(*sources: Source) -> World:
    world = World(rules(*sources))
    await world.replan()
    return world


def from_eu(name: str = "Down") -> Observation:
    observed = seen(name)
    return msgspec.structs.replace(
        observed, copy=f"eu/{observed.copy.partition('/')[2]}", lateness=SILENT.lateness
    )


@pytest.mark.parametrize(
    ("source", "looked_at"),
    [
        pytest.param(SILENT, True, id="its silence means something"),
        pytest.param(ASKED, True, id="it can be asked"),
        pytest.param(UNKNOWN, False, id="there is nothing to find out"),
    ],
)
async def test_which_sources_stay_on_the_agenda(source: Source, looked_at: bool) -> None:
    world = await world_of(source)
    await world.store.commit(Changes(agenda={Subject.poll("eu"): (START, 0)}))
    await world.settle()
    assert (Subject.poll("eu") in world.store.agenda_at) is looked_at


async def test_an_end_that_is_concluded_says_from_what_and_comes_through_intake_like_any_other() -> None:
    world = await world_of(SILENT)
    await world.webhook(from_eu())
    await world.until(2 * HOUR)
    assert [incident.firing for incident in world.incidents] == [0]
    assert world.store.counted["concluded:ended:inferred"] == 1
    assert world.store.counted["received"] == 1, "what we conclude ourselves is not received"


async def test_a_peer_that_does_not_answer_is_asked_again_and_doubted_after_a_while() -> None:
    world = await world_of(ASKED)
    world.secrets.values["AM"] = "http://am"
    await world.webhook(from_eu())
    await world.until(HOUR)
    assert len(world.peers.asked) > 10
    assert {name for name, _ in world.reports} == {"GatewaySourceDoubtful"}
    assert [incident.firing for incident in world.incidents] == [1]


async def test_what_quiets_an_alert_at_its_source_is_on_its_timeline_once() -> None:
    world = await world_of(ASKED)
    world.secrets.values["AM"] = "http://am"
    await world.webhook(from_eu())
    quieted = Active(from_eu(), "silence 5f2c by ann")
    world.peers.says = {"http://am": PeerReport(HOUR, {quieted.seen.copy: quieted})}
    await world.until(30 * MINUTE)
    notes = [entry.detail["by"] for _, entry in world.store.log if entry.what == "quieted_at_source"]
    assert notes == ["silence 5f2c by ann"]


async def test_a_source_that_the_rules_name_no_more_is_ended_after_a_day_and_forgotten() -> None:
    world = await world_of(SILENT)
    await world.webhook(from_eu())
    await world.until(MINUTE)
    await world.reload(rulebook())
    await world.until(2 * DAY)
    assert [incident.firing for incident in world.incidents] == [0]
    assert source_state_cell("eu").field not in world.store.rows[Table.META]

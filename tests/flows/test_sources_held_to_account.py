"""Sources held to account: silence, swallowed ends, lost firings and wiped peers, with the whole gateway
around them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import pytest

from gateway.errors import StateUnavailable
from gateway.model.alert import Alert, Observation
from gateway.model.changes import Table
from gateway.model.durations import DAY, HOUR, MINUTE, SECOND
from gateway.model.ledger import NotifiedState
from gateway.model.records import load_alert
from gateway.model.rules.origin import BUILT_IN, SecretName
from gateway.model.rules.rulebook import Rulebook
from gateway.model.rules.source import Source
from gateway.model.source_peers import Active, PeerReport
from gateway.model.verdict import Taken
from tests.support.build import match, rulebook, seen
from tests.support.world import World

SILENT = Source(
    "eu", BUILT_IN, token=SecretName("HOOK_EU"), group_interval=MINUTE, repeat_interval=30 * MINUTE
)
STALE = 61 * MINUTE
PEERS = {"AM_A": "http://a", "AM_B": "http://b"}
ASKED = replace(SILENT, alertmanager=tuple(map(SecretName, PEERS)), receiver="gateway")


def rules(*sources: Source) -> Rulebook:
    return replace(rulebook(), listed_sources={one.name: one for one in sources})


async def world_of(*sources: Source) -> World:
    world = World(rules(*sources))
    world.secrets.values |= PEERS
    world.peers.says = dict.fromkeys(PEERS.values(), PeerReport(HOUR, {}))
    await world.replan()
    return world


def eu(name: str = "Down", *, source: str = "eu", **more: object) -> Observation:
    one = seen(name, **more)  # type: ignore[arg-type]
    return msgspec.structs.replace(
        one, copy=f"{source}/{one.copy.partition('/')[2]}", lateness=SILENT.lateness
    )


def say(world: World, *active: Observation, quieted: str = "", uptime: int = HOUR) -> None:
    """What both peers say when they are asked from now on."""
    statement = PeerReport(uptime, {one.copy: Active(one, quieted) for one in active})
    world.peers.says = dict.fromkeys(PEERS.values(), statement)


def alerts(world: World) -> dict[str, Alert]:
    found = [load_alert(row.value) for row in world.store.rows[Table.ALERTS].values()]
    return {one.name: one for one in found}


def stories(world: World, what: str) -> list[dict[str, object]]:
    return [dict(entry.detail) for _, entry in world.store.log if entry.what == what]


def told(world: World) -> NotifiedState:
    return world.ledgers["chat"].last_notified.state


def topics(world: World) -> int:
    return sum(one.posted for one in world.slack.sent)


async def test_what_its_source_says_nothing_of_any_more_is_told_to_have_ended() -> None:
    world = await world_of(SILENT)
    await world.webhook(eu())
    await world.until(STALE - MINUTE)
    assert told(world) is NotifiedState.FIRING
    await world.until(STALE + 3 * MINUTE)
    assert told(world) is NotifiedState.ENDED
    assert alerts(world)["Down"].inferred
    assert world.store.counted["concluded:ended:inferred"] == 1
    assert world.store.counted["received"] == 1
    (story,) = stories(world, "inferred")
    assert story["because"] == "nothing was said of it for 61 minutes"


async def test_a_repeat_is_a_sign_of_life() -> None:
    world = await world_of(SILENT)
    for at in range(0, 5 * HOUR, 31 * MINUTE):
        await world.until(at)
        await world.webhook(eu())
    assert told(world) is NotifiedState.FIRING


async def test_a_source_of_which_nobody_said_how_often_it_repeats_may_be_silent() -> None:
    world = await world_of(replace(SILENT, repeat_interval=None))
    await world.webhook(eu())
    await world.until(3 * DAY)
    assert told(world) is NotifiedState.FIRING


async def test_what_was_taken_for_ended_and_is_repeated_is_told_again_at_once() -> None:
    world = await world_of(SILENT)
    await world.webhook(eu())
    await world.until(2 * HOUR)
    await world.webhook(eu())
    await world.until(2 * HOUR + 15 * SECOND)
    assert told(world) is NotifiedState.FIRING
    assert topics(world) == 2
    assert not alerts(world)["Down"].inferred


async def test_an_alert_of_two_sources_fires_while_one_of_them_speaks() -> None:
    world = await world_of(SILENT, Source("us", BUILT_IN))
    await world.webhook(eu(), eu(source="us"))
    for at in range(0, 4 * HOUR, 30 * MINUTE):
        await world.until(at)
        await world.webhook(eu(source="us"))
    assert told(world) is NotifiedState.FIRING
    assert world.store.counted["concluded:changed:inferred"] == 1
    await world.webhook(eu(source="us", ends=4 * HOUR))
    await world.until(world.at + 2 * MINUTE)
    assert told(world) is NotifiedState.ENDED


async def test_a_source_that_dies_clears_nothing_and_is_doubted_aloud() -> None:
    world = await world_of(SILENT)
    await world.webhook(*[eu(pod=str(number)) for number in range(20)])
    await world.until(3 * HOUR)
    assert told(world) is NotifiedState.FIRING
    assert ("GatewaySourceDoubtful", {"source": "eu"}) in world.reports


async def test_an_end_that_a_mute_swallowed_is_found_by_asking() -> None:
    world = await world_of(ASKED)
    say(world, eu("Down"), eu("Stays"))
    await world.webhook(eu("Down"), eu("Stays"))
    await world.until(5 * MINUTE)
    assert told(world) is NotifiedState.FIRING
    say(world, eu("Stays"))
    await world.until(8 * MINUTE)
    assert (alerts(world)["Down"].firing, alerts(world)["Stays"].firing) == (False, True)
    assert stories(world, "inferred")[0]["because"] == "no peer has it any more"


async def test_a_firing_that_was_lost_is_found_by_asking_and_told() -> None:
    world = await world_of(ASKED)
    await world.until(MINUTE)
    say(world, eu("Lost"))
    await world.until(MINUTE + 2 * SILENT.lateness + 2 * MINUTE)
    assert told(world) is NotifiedState.FIRING
    assert world.store.counted["concluded:opened:found_at_source"] == 1
    assert world.store.counted.get("received", 0) == 0
    await world.webhook(eu("Lost", ends=10 * MINUTE))
    await world.until(world.at + 2 * MINUTE)
    assert told(world) is NotifiedState.ENDED


async def test_what_is_silenced_at_the_source_opens_nothing_and_is_noted_on_what_fires() -> None:
    world = await world_of(ASKED)
    await world.webhook(eu("Down"))
    say(world, eu("Down"), eu("Other"), quieted="silence 5f2c")
    await world.until(30 * MINUTE)
    assert list(alerts(world)) == ["Down"]
    assert told(world) is NotifiedState.FIRING
    assert [one["by"] for one in stories(world, "quieted_at_source")] == ["silence 5f2c"]


async def test_a_wiped_pair_of_peers_clears_nothing_and_is_doubted_aloud() -> None:
    world = await world_of(ASKED)
    everything = [eu("Down", pod=str(number)) for number in range(30)]
    say(world, *everything)
    await world.webhook(*everything)
    await world.until(10 * MINUTE)
    assert world.reports == []
    say(world)
    await world.until(HOUR)
    assert told(world) is NotifiedState.FIRING
    assert ("GatewaySourceDoubtful", {"source": "eu"}) in world.reports


async def test_peers_that_cannot_be_reached_end_nothing_and_are_doubted_aloud() -> None:
    world = await world_of(ASKED)
    await world.webhook(eu())
    world.peers.says = {}
    await world.until(3 * HOUR)
    assert told(world) is NotifiedState.FIRING
    assert ("GatewaySourceDoubtful", {"source": "eu"}) in world.reports


async def test_an_address_that_is_not_set_is_a_peer_that_does_not_answer() -> None:
    world = await world_of(ASKED)
    await world.webhook(eu())
    del world.secrets.values["AM_A"]
    say(world, eu())
    await world.until(20 * MINUTE)
    assert told(world) is NotifiedState.FIRING
    assert "http://a" not in world.peers.asked[2:]


async def test_a_false_end_that_is_taken_back_pages_as_soon_as_the_source_is_asked() -> None:
    world = await world_of(replace(ASKED, group_interval=10 * MINUTE))
    slow = msgspec.structs.replace(eu(), lateness=15 * MINUTE)
    say(world, slow)
    await world.webhook(slow)
    await world.until(MINUTE)
    await world.webhook(eu(ends=MINUTE))
    await world.until(3 * MINUTE)
    assert told(world) is NotifiedState.ENDED
    await world.webhook(slow)
    await world.until(world.at + 2 * MINUTE)
    assert told(world) is NotifiedState.FIRING
    assert world.store.counted["concluded:changed:dispute_settled"] == 1


async def test_a_late_copy_is_told_to_nobody_once_the_source_was_asked() -> None:
    world = await world_of(ASKED)
    await world.webhook(eu())
    await world.until(MINUTE)
    await world.webhook(eu(ends=MINUTE))
    await world.until(3 * MINUTE)
    say(world)
    await world.webhook(eu())
    await world.until(HOUR)
    assert topics(world) == 1
    assert not alerts(world)["Down"].firing


async def test_an_installation_that_gets_a_name_goes_on_with_what_fires() -> None:
    world = World(rules())
    await world.webhook(eu(source="default", service="pay"), eu("Other", source="default", service="cart"))
    named = replace(SILENT, match=match('service="pay"'))
    world.use(rules(named))
    await world.replan()
    assert {name.partition("/")[0] for name in alerts(world)["Down"].copies} == {"eu"}
    assert {name.partition("/")[0] for name in alerts(world)["Other"].copies} == {"default"}
    await world.webhook(eu(service="pay", ends=MINUTE))
    assert not alerts(world)["Down"].firing
    await world.webhook(eu(at=2 * MINUTE, service="pay"))
    assert alerts(world)["Down"].episode_id != "", "and its next life is its own"
    assert len(alerts(world)) == 2


async def test_a_source_that_the_rules_name_no_more_leaves_nothing_firing_for_ever() -> None:
    world = await world_of(SILENT)
    await world.webhook(eu())
    world.use(rules(Source("us", BUILT_IN, match('region="us"'), SecretName("HOOK_US"))))
    await world.replan()
    await world.until(DAY - HOUR)
    assert told(world) is NotifiedState.FIRING
    await world.until(DAY + HOUR)
    assert told(world) is NotifiedState.ENDED
    assert not any(str(subject).startswith("poll:eu") for subject in world.store.agenda_at)


async def test_a_store_that_goes_away_in_the_middle_of_a_look_costs_a_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = await world_of(ASKED)
    await world.webhook(eu())
    accept = world.intake.accept
    refused = 0

    async def refuse_once(*given: object) -> Sequence[Taken]:
        nonlocal refused
        refused += 1
        if refused == 1:
            raise StateUnavailable("away")
        return await accept(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(world.intake, "accept", refuse_once)
    await world.until(10 * MINUTE)
    assert refused == 2
    assert told(world) is NotifiedState.ENDED

"""What is forgotten is never taken for what comes later, and no flapping, replica or rule change breaks the
bounds.
"""

from __future__ import annotations

import msgspec

from gateway.actions.incidents import IncidentActions
from gateway.model.alert import MAX_COPIES
from gateway.model.changes import Table
from gateway.model.durations import DAY, HOUR, MINUTE, SECOND
from gateway.model.ledger import NotifiedState
from gateway.model.records import load_alert
from gateway.model.rules.kinds import CorrelateRule
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from tests.flows.test_telling import states
from tests.support.build import START, rulebook, seen, someone
from tests.support.world import World

SHOWN = Route("everything", BUILT_IN, notify=("chat",))


def three_at_most() -> World:
    return World(
        rulebook(SHOWN, correlate=(CorrelateRule("few", BUILT_IN, by=("alertname",), max_alerts=3),))
    )


async def test_an_alert_that_was_forgotten_and_comes_again_takes_nobody_elses_incident() -> None:
    world = World()
    await world.webhook(seen())
    await world.until(20 * SECOND)
    await world.webhook(seen(pod="b"))
    await world.until(MINUTE)
    first = world.incidents[0].id
    await world.webhook(seen(ends=MINUTE))
    await IncidentActions(world.shards, lambda: None).close(first, someone("ann"), "", HOUR)
    await world.until(2 * MINUTE)
    await world.webhook(seen(at=2 * MINUTE))
    await world.until(3 * MINUTE)
    await world.webhook(seen(at=2 * MINUTE, ends=3 * MINUTE))
    await world.until(9 * DAY)
    await world.webhook(seen(at=9 * DAY - SECOND))
    await world.until(9 * DAY + MINUTE)
    await world.webhook(seen(at=9 * DAY - SECOND, ends=9 * DAY), seen(pod="b", ends=9 * DAY))
    await world.until(9 * DAY + HOUR)
    assert len({incident.id for incident in world.incidents}) == 2
    assert not any(any(ledger.last_notified.members.values()) for ledger in world.ledgers_everywhere)


async def test_two_hundred_replicas_at_once_are_not_more_than_an_alert_holds() -> None:
    world = World()
    await world.webhook(*[seen(replica=f"r{number}") for number in range(200)])
    copies = [len(load_alert(row.value).copies) for row in world.store.rows[Table.ALERTS].values()]
    assert (max(copies), sum(copies)) == (MAX_COPIES, 200)
    assert world.store.counted["crowded_copies"] == 200 - MAX_COPIES


async def test_replicas_beyond_the_bound_end_like_all_others() -> None:
    world = World()
    await world.webhook(*[seen(replica=f"r{number}") for number in range(70)])
    await world.until(MINUTE)
    await world.webhook(*[seen(replica=f"r{number}", ends=MINUTE) for number in range(70)])
    await world.until(HOUR)
    assert states(world, "chat")[-1] is NotifiedState.ENDED
    assert world.store.counted["open:counted"] == 0


async def flap(world: World, times: int) -> None:
    for _ in range(times):
        world.at += 3 * SECOND
        await world.webhook(seen(pod="flaps", at=world.at))
        await world.webhook(seen(pod="flaps", at=world.at, ends=world.at + 1))


async def test_an_alert_that_flaps_counts_once_among_the_alerts_of_its_incident() -> None:
    world = three_at_most()
    await world.webhook(seen(pod="steady"))
    await flap(world, 3)
    await world.webhook(seen(pod="new", at=world.at))
    assert len(world.incidents) == 1


async def test_an_alert_that_flaps_without_end_fills_its_incident_only_so_far() -> None:
    world = three_at_most()
    await world.webhook(seen(pod="steady"))
    await flap(world, 40)
    assert max(len(incident.members) for incident in world.incidents) == 12
    await world.webhook(seen(pod="steady", ends=world.at))
    await world.until(world.at + HOUR)
    assert states(world, "chat")[-1] is NotifiedState.ENDED


async def test_a_new_life_of_an_alert_has_the_identity_that_the_rules_give_it_now() -> None:
    """`labels.ignore` was changed: the same copy is another alert from its next episode on."""
    world = World()
    before = seen(pod="x")
    after = msgspec.structs.replace(before, alert="f" * 32)
    await world.webhook(before)
    await world.webhook(msgspec.structs.replace(after, firing=False, ends_at=START + SECOND))
    world.at = 6 * SECOND
    await world.webhook(msgspec.structs.replace(after, starts_at=START + 5 * SECOND))
    alerts = {name: load_alert(row.value).firing for name, row in world.store.rows[Table.ALERTS].items()}
    assert alerts == {before.alert: False, "f" * 32: True}
    await world.until(MINUTE)
    await world.webhook(
        msgspec.structs.replace(after, firing=False, starts_at=START + 5 * SECOND, ends_at=START + MINUTE)
    )
    await world.until(HOUR)
    assert states(world, "chat")[-1] is NotifiedState.ENDED


async def test_a_running_episode_keeps_its_identity_whatever_the_rules_say_meanwhile() -> None:
    world = World()
    before = seen(pod="x")
    await world.webhook(before)
    await world.webhook(msgspec.structs.replace(before, alert="f" * 32))
    assert list(world.store.rows[Table.ALERTS]) == [before.alert]


async def test_a_rule_that_merges_no_more_says_so_in_what_it_leaves_alone() -> None:
    rule = CorrelateRule("by-name", BUILT_IN, by=("alertname",), max_values={"pod": 2})
    world = World(rulebook(SHOWN, correlate=(rule,)))
    await world.webhook(*[seen(pod=f"p{number}") for number in range(3)])
    await world.until(MINUTE)
    told = [one.notification for one in world.slack.sent if one.notification]
    assert sorted(one.reason for one in told) == ["", "by-name (built-in) merges no more: 2 values of pod"]
    assert [entry.what for _, entry in world.store.log].count("on_its_own") == 1

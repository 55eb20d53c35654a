"""A watchdog's silence is said with what people need to know, and ended where no rule names it any more."""

from __future__ import annotations

from dataclasses import replace

from gateway.model.agenda import Subject
from gateway.model.alert import Alert
from gateway.model.cells import heartbeat_cell, watchdog_cell
from gateway.model.changes import Changes, Query, Table
from gateway.model.durations import MINUTE
from gateway.model.records import load_alert
from gateway.model.rules.kinds import Watchdog
from gateway.model.rules.origin import Origin
from gateway.model.rules.rulebook import Rulebook
from gateway.storage.memory import MemoryStore
from tests.support.build import START, match, rulebook, seen
from tests.support.world import World

DOG = Watchdog("eu", Origin("rules.yaml", 7), match("alertname=Watchdog"), 5 * MINUTE, hold_resolves=True)


def rules(*dogs: Watchdog) -> Rulebook:
    return replace(rulebook(), watchdogs={dog.name: dog for dog in dogs})


async def watching() -> World:
    world = World(rules(DOG))
    await world.replan()
    return world


def own(world: World) -> list[Alert]:
    alerts = [load_alert(row.value) for row in world.store.rows[Table.ALERTS].values()]
    return [alert for alert in alerts if alert.name == "GatewayHeartbeatMissing"]


async def test_a_missing_heartbeat_says_since_when_how_often_it_is_due_and_what_that_means() -> None:
    world = await watching()
    await world.webhook(seen("Watchdog", severity="none"))
    await world.until(10 * MINUTE)
    (missing,) = own(world)
    assert missing.firing
    said = missing.annotations["description"]
    assert "The last one came 2027-01-15 08:00:00 UTC" in said
    assert "every 5m" in said
    assert "rules.yaml:7" in said
    assert "What ends at default goes on firing here" in said


async def test_a_missing_heartbeat_leads_to_what_to_do_about_it_where_the_docs_have_an_address() -> None:
    world = await watching()
    world.reconciler.context.docs_url = "https://git.example.org/docs"
    await world.until(10 * MINUTE)
    (missing,) = own(world)
    assert missing.annotations["runbook_url"].startswith("https://git.example.org/docs/own-alerts.md#gateway")


async def test_a_watchdog_that_never_was_heard_says_since_when_it_is_listened_for() -> None:
    world = await watching()
    await world.until(10 * MINUTE)
    (missing,) = own(world)
    assert "None came since 2027-01-15 08:00:00 UTC" in missing.annotations["description"]


async def test_a_watchdog_that_no_rule_names_any_more_ends_and_is_forgotten_in_every_shard() -> None:
    world = await watching()
    other = MemoryStore(lambda: START + world.at)
    await other.commit(Changes(put={heartbeat_cell("eu"): b"1"}))
    await world.until(10 * MINUTE)
    world.use(rules())
    world.reconciler.context.elsewhere = (other,)
    await world.until(20 * MINUTE)
    assert [alert.firing for alert in own(world)] == [False]
    assert watchdog_cell("eu").field not in world.store.rows[Table.META]
    assert Subject.watchdog("eu") not in world.store.agenda_at
    assert not (await other.gather(Query(cells=(heartbeat_cell("eu"),)))).rows[heartbeat_cell("eu")].value

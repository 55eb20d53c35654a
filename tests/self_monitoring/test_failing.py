"""The own alert about a failing destination says why it fails, what to do, and which alerts wait for it."""

from __future__ import annotations

from gateway.model.durations import HOUR, MINUTE
from gateway.model.notification import Refused, Unanswered
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from gateway.self_monitoring.failing import said_of
from gateway.state.failing import FailingDestination, failing_ledgers
from tests.support.build import START, rulebook, seen, slack
from tests.support.world import World

CHAT = rulebook(Route("everything", BUILT_IN, notify=("chat",)), destinations=(slack(),))


async def test_a_refused_channel_is_named_with_the_code_the_remedy_and_the_alerts() -> None:
    world = World(CHAT)
    world.slack.answers = [Refused("not_found", "not_in_channel", permanent=True)] * 2
    await world.webhook(seen(), seen("DiskFull", service="db"))
    await world.until(MINUTE)
    known = (await failing_ledgers(world.shards))["chat"]
    assert (known.reason, known.error, known.incidents) == ("not_found", "not_in_channel", 2)
    assert set(known.alerts) == {"HighErrorRate", "DiskFull"}
    said = said_of(slack(), known)
    assert "not_found not_in_channel; invite the bot to the channel" in said
    assert "2 incidents could not be told there (" in said


async def test_a_vendor_that_is_away_is_named_too_and_one_that_works_is_not() -> None:
    world = World(CHAT)
    world.slack.acts_though_unanswered = False
    world.slack.answers = [Unanswered("timeout")] * 99
    await world.webhook(seen())
    await world.until(4 * MINUTE)
    known = (await failing_ledgers(world.shards))["chat"]
    assert (known.reason, known.alerts) == ("timeout", ("HighErrorRate",))
    world.slack.answers = []
    await world.until(6 * MINUTE)
    assert await failing_ledgers(world.shards) == {}


async def test_what_ended_untold_long_ago_waits_for_nothing() -> None:
    world = World(CHAT)
    world.slack.down = True
    await world.webhook(seen(service="old"))
    await world.until(MINUTE)
    await world.webhook(seen(service="old", ends=MINUTE))
    await world.until(HOUR)
    await world.webhook(seen("DiskFull", at=HOUR, service="db"))
    await world.until(HOUR + 5 * MINUTE)
    known = (await failing_ledgers(world.shards))["chat"]
    assert (known.incidents, known.alerts, known.since >= START + HOUR) == (1, ("DiskFull",), True)


def test_one_incident_without_a_known_alert_is_said_as_such() -> None:
    said = said_of(slack(), FailingDestination("auth", "invalid_auth", START, 1, ()))
    assert said.endswith("auth invalid_auth; is SLACK_BOT_TOKEN right? 1 incident could not be told there.")

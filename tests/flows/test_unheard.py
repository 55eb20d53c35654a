"""What nobody could be told of is counted and logged until somebody can be told, or nobody has to be."""

from __future__ import annotations

from structlog.testing import capture_logs

from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.notification import Refused
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from gateway.model.rules.rulebook import Rulebook
from tests.support.build import match, rulebook, seen, slack
from tests.support.world import World

CHAT_ONLY = rulebook(Route("everything", BUILT_IN, notify=("chat",)), destinations=(slack(),))
REFUSED = Refused("invalid", "msg_too_long", permanent=True)


def by_team(*allowed: str) -> Rulebook:
    team = slack("team", "#{team}", allow=frozenset(allowed))
    return rulebook(Route("everything", BUILT_IN, notify=("team",)), destinations=(team,))


def counted(world: World) -> int:
    return world.store.counted.get("unheard", 0)


async def test_a_team_that_allow_does_not_list_is_unheard_until_it_is_listed() -> None:
    world = World(by_team("pay"))
    await world.webhook(seen(team="Shop"))
    await world.until(MINUTE)
    assert counted(world) == 1
    await world.reload(by_team("pay", "shop"))
    await world.until(2 * MINUTE)
    assert counted(world) == 0
    assert [one.target for one in world.slack.sent] == ["team:#shop"]


async def test_a_critical_that_no_route_takes_is_unheard_until_one_does() -> None:
    world = World(
        rulebook(Route("pay", BUILT_IN, match=match('team="pay"'), notify=("chat",)), destinations=(slack(),))
    )
    with capture_logs() as lines:
        await world.webhook(seen("Down"), seen("Slow", severity="warning", service="x"))
        await world.until(MINUTE)
    said = [line for line in lines if line["event"] == "nobody_can_be_told"]
    assert [(line["alerts"], line["severity"]) for line in said] == [(["Down"], "critical")]
    await world.reload(CHAT_ONLY)
    await world.until(2 * MINUTE)
    assert counted(world) == 0


async def test_an_alert_that_joins_what_was_told_and_is_refused_is_logged_by_its_name() -> None:
    world = World(CHAT_ONLY)
    await world.webhook(seen("First", service="pay"))
    await world.until(MINUTE)
    assert counted(world) == 0
    world.slack.answers = [REFUSED] * 3
    with capture_logs() as lines:
        await world.webhook(seen("First", service="pay", pod="b"))
        await world.until(3 * MINUTE)
    assert counted(world) == 1
    (said,) = [line for line in lines if line["event"] == "nobody_can_be_told"]
    assert (said["alerts"], said["firing"], said["because"]) == (["First"], 1, ["chat: msg_too_long"])


async def test_it_is_over_when_the_alert_ends() -> None:
    world = World(by_team("pay"))
    await world.webhook(seen(team="shop"))
    await world.until(30 * SECOND)
    assert counted(world) == 1
    await world.webhook(seen(team="shop", ends=30_000))
    await world.until(HOUR)
    assert counted(world) == 0


async def test_an_end_that_cannot_be_told_leaves_nothing_unheard() -> None:
    world = World(CHAT_ONLY)
    await world.webhook(seen())
    await world.until(MINUTE)
    world.slack.answers = [REFUSED] * 3
    await world.webhook(seen(ends=MINUTE))
    await world.until(HOUR)
    assert counted(world) == 0

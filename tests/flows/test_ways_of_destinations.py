"""By which way a destination is reached: what was sent stays where it is, and the way there is that of today."""

from __future__ import annotations

from dataclasses import replace

from gateway.model.durations import MINUTE, SECOND
from gateway.model.lanes import Pace
from gateway.model.ledger import NotifiedState
from gateway.model.notification import Unanswered
from gateway.model.rules.destination import Destination
from gateway.model.rules.origin import BUILT_IN, SecretName
from gateway.model.rules.route import Route
from gateway.model.rules.rulebook import Rulebook
from gateway.outbound.pagerduty.destination import PagerDutyService
from tests.support.build import rulebook, seen, slack
from tests.support.world import World

EU = "https://events.eu.pagerduty.com"


def paging(region: str, proxy: SecretName | str = "") -> Rulebook:
    service = PagerDutyService(SecretName("PAGERDUTY_ROUTING_KEY"), region=region)
    pager = Destination("pager", BUILT_IN, service, proxy=proxy)
    return rulebook(Route("everything", BUILT_IN, page=("pager",)), destinations=(pager,))


def chatting(proxy: SecretName | str = "") -> Rulebook:
    chat = replace(slack(), proxy=proxy)
    return rulebook(Route("everything", BUILT_IN, notify=("chat",)), destinations=(chat,))


async def test_an_end_goes_to_the_region_that_was_paged_by_the_proxy_of_today() -> None:
    world = World(paging("eu", "none"))
    await world.webhook(seen())
    await world.until(MINUTE)
    await world.reload(paging("us", SecretName("PX")))
    await world.webhook(seen(ends=MINUTE))
    await world.until(10 * MINUTE)
    assert [one.state for one in world.pagerduty.sent] == [NotifiedState.FIRING, NotifiedState.ENDED]
    assert [(one.url, one.proxy) for one in world.pagerduty.endpoints] == [(EU, "none"), (EU, "$PX")]


async def test_without_its_rule_an_end_goes_the_way_that_its_firing_went() -> None:
    world = World(paging("eu", "none"))
    await world.webhook(seen())
    await world.until(MINUTE)
    await world.reload(chatting())
    await world.webhook(seen(ends=MINUTE))
    await world.until(10 * MINUTE)
    assert {(one.url, one.proxy) for one in world.pagerduty.endpoints} == {(EU, "none")}
    assert len(world.pagerduty.endpoints) == 2


async def test_a_vendor_that_names_a_time_is_left_alone_until_then_by_everything_that_goes_there() -> None:
    """A read-back is a question to the vendor too."""
    world = World(chatting(), paces={"slack": Pace(1_000, 3)})
    world.slack.acts_though_unanswered = False
    world.slack.answers = [Unanswered("server_error", "HTTP 503", 90_000)]
    await world.webhook(seen())
    await world.until(30 * SECOND)
    await world.webhook(seen("DiskFull", service="db", at=30_000))
    await world.until(85 * SECOND)
    assert len(world.slack.attempts) == 1
    await world.until(3 * MINUTE)
    assert len([one for one in world.slack.sent if one.posted]) == 2

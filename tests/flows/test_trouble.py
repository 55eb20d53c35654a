"""When vendors fail, rules change under way, or people intervene."""

from __future__ import annotations

from gateway.actions.dead_letters import DeadLetterActions
from gateway.actions.incidents import IncidentActions
from gateway.decisions.accounting.invariants import failing_destinations
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.incident import Incident
from gateway.model.lanes import Pace
from gateway.model.ledger import NotifiedState
from gateway.model.notification import Refused, Unanswered
from gateway.model.rules.kinds import CorrelateRule
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Condition, PageWhen, Quantifier, Route
from gateway.model.severity import Severity
from tests.flows.test_telling import states
from tests.support.build import pager, rulebook, seen, slack, someone
from tests.support.world import World

CRITICAL = PageWhen(Quantifier.ANY, (Condition(severity=Severity.CRITICAL),))
WITH_FALLBACK = rulebook(destinations=(slack(), pager(fallback=("chat",))))


def said(world: World) -> list[str]:
    return [note.text for one in world.slack.sent for note in one.notes]


async def test_a_vendor_that_is_away_is_tried_until_it_takes_the_telling() -> None:
    world = World()
    world.slack.down = True
    await world.webhook(seen())
    await world.until(10 * MINUTE)
    assert states(world, "pager") == [NotifiedState.FIRING]
    world.slack.down = False
    await world.until(11 * MINUTE)
    assert states(world, "chat") == [NotifiedState.FIRING]


async def test_an_incident_that_ends_while_the_vendor_is_away_is_not_told_there_any_more() -> None:
    world = World()
    world.slack.down = True
    await world.webhook(seen())
    await world.until(2 * MINUTE)
    await world.webhook(seen(ends=120_000))
    await world.until(20 * MINUTE)
    world.slack.down = False
    await world.until(30 * MINUTE)
    assert not world.slack.sent


async def test_a_page_that_cannot_be_delivered_is_told_at_the_fallback_as_a_reply_that_notifies() -> None:
    world = World(WITH_FALLBACK)
    world.pagerduty.down = True
    await world.webhook(seen())
    await world.until(5 * MINUTE)
    notes = [note for one in world.slack.sent for note in one.notes]
    assert [(note.text, note.broadcast, note.mention) for note in notes] == [
        ("🔴 HighErrorRate: pager cannot be reached, this is its notification", True, True)
    ]


async def test_a_page_behind_a_lane_that_the_vendor_closed_falls_back_though_it_was_never_tried() -> None:
    world = World(WITH_FALLBACK, paces={"pagerduty": Pace(500, 20)})
    world.pagerduty.answers = [Refused("rate_limited", retry_after=HOUR)]
    await world.webhook(seen())
    await world.until(MINUTE)
    await world.webhook(seen("DiskFull", service="db", at=MINUTE))
    await world.until(5 * MINUTE)
    assert not world.pagerduty.sent
    assert sum("pager cannot be reached, this is its notification" in text for text in said(world)) == 2
    await world.until(2 * HOUR)
    assert len(world.pagerduty.sent) == 2


async def test_a_fallback_that_was_told_hears_that_the_first_recovered_and_the_end_once() -> None:
    world = World(WITH_FALLBACK)
    world.pagerduty.down = True
    await world.webhook(seen())
    await world.until(5 * MINUTE)
    world.pagerduty.down = False
    await world.until(8 * MINUTE)
    assert states(world, "pager") == [NotifiedState.FIRING]
    assert said(world)[-1] == "📟 HighErrorRate: delivered at pager now"
    await world.webhook(seen(ends=480_000))
    await world.until(20 * MINUTE)
    assert states(world, "pager") == [NotifiedState.FIRING, NotifiedState.ENDED]
    assert sum(text.startswith("✅ Resolved: HighErrorRate") for text in said(world)) == 1
    assert states(world, "chat")[-1] is NotifiedState.ENDED


async def test_an_outage_that_is_over_is_not_told_at_the_fallback_when_the_next_alert_pages() -> None:
    rules = rulebook(
        Route("everything", BUILT_IN, notify=("chat",), page=("pager",), page_when=CRITICAL),
        correlate=(CorrelateRule("all", BUILT_IN, by=("cluster",), window=6 * HOUR),),
        destinations=(slack(), pager(fallback=("chat",))),
    )
    world = World(rules)
    world.pagerduty.down = True
    await world.webhook(seen(service="a"), seen("Slow", service="b", severity="warning"))
    await world.until(25 * SECOND)
    await world.webhook(seen(ends=25_000, service="a"))
    await world.until(MINUTE)
    world.pagerduty.down = False
    await world.until(HOUR)
    assert (world.ledgers["pager"].failing_since, world.ledgers["pager"].fell_back_at) == (None, None)
    await world.webhook(seen("New", at=HOUR, service="c"))
    await world.until(HOUR + 10 * MINUTE)
    assert states(world, "pager") == [NotifiedState.FIRING]
    assert not any("cannot be reached" in text or "delivered at pager" in text for text in said(world))
    assert not any(sent.notification.reason for sent in world.slack.sent if sent.notification)


async def test_an_alert_that_flaps_during_an_outage_reaches_the_fallback_all_the_same() -> None:
    world = World(WITH_FALLBACK)
    world.pagerduty.down = True
    await world.webhook(seen("Other", severity="warning"))
    for start in range(0, 200, 50):
        await world.webhook(seen(at=start * SECOND))
        await world.until((start + 30) * SECOND)
        await world.webhook(seen(at=start * SECOND, ends=(start + 30) * SECOND))
        await world.until((start + 50) * SECOND)
    assert any("pager cannot be reached" in text for text in said(world))


async def test_a_permanent_refusal_is_a_dead_letter_and_falls_back_at_once() -> None:
    world = World(WITH_FALLBACK)
    world.pagerduty.answers = [Refused("invalid", permanent=True)]
    await world.webhook(seen())
    await world.until(30 * SECOND)
    assert world.ledgers["pager"].dead == "invalid"
    assert any("pager cannot be reached" in one for one in said(world))
    assert failing_destinations(world.store.counted) == ["pager"]


async def test_a_dead_letter_is_tried_again_by_hand() -> None:
    world = World()
    world.pagerduty.answers = [Refused("auth", permanent=True)]
    await world.webhook(seen())
    await world.until(30 * SECOND)
    assert not world.pagerduty.sent
    assert await DeadLetterActions(world.shards, lambda: None).retry(world.incidents[0].id, "pager") == ""
    await world.until(MINUTE)
    assert states(world, "pager") == [NotifiedState.FIRING]


async def test_an_unanswered_post_that_arrived_is_found_and_not_repeated() -> None:
    world = World()
    world.slack.answers = [Unanswered("timeout")]
    await world.webhook(seen())
    await world.until(5 * MINUTE)
    assert sum(one.posted for one in world.slack.sent) == 1
    assert world.ledgers["chat"].last_notified.state is NotifiedState.FIRING


async def test_an_unanswered_post_that_never_arrived_is_repeated_after_the_read_back_wait() -> None:
    world = World()
    world.slack.answers = [Unanswered("timeout")]
    world.slack.acts_though_unanswered = False
    await world.webhook(seen())
    await world.until(5 * MINUTE)
    topics = [one.at for one in world.slack.sent if one.posted]
    assert len(topics) == 1
    assert 25 * SECOND < topics[0] < 40 * SECOND


async def test_a_page_that_was_not_answered_is_sent_again_at_once_and_its_end_twice() -> None:
    world = World()
    world.pagerduty.answers = [Unanswered("timeout")]
    await world.webhook(seen())
    await world.until(20 * SECOND)
    assert states(world, "pager") == [NotifiedState.FIRING, NotifiedState.FIRING]
    await world.webhook(seen(ends=20_000))
    await world.until(10 * MINUTE)
    assert states(world, "pager")[2:] == [NotifiedState.ENDED, NotifiedState.ENDED]


async def test_a_reload_that_removes_a_told_destination_still_tells_the_end_there() -> None:
    world = World()
    await world.webhook(seen())
    await world.until(MINUTE)
    world.use(rulebook(Route("everything", BUILT_IN, notify=("chat",)), destinations=(slack(),)))
    await world.replan()
    await world.until(2 * MINUTE)
    assert states(world, "pager") == [NotifiedState.FIRING, NotifiedState.MOVED]
    moved = world.pagerduty.sent[-1].notification
    assert moved is not None
    assert moved.moved_to == "told at chat now"
    await world.webhook(seen(ends=120_000))
    await world.until(10 * MINUTE)
    assert states(world, "pager") == [NotifiedState.FIRING, NotifiedState.MOVED]
    assert states(world, "chat")[-1] is NotifiedState.ENDED


async def test_a_changed_credential_makes_the_end_a_dead_letter() -> None:
    world = World()
    await world.webhook(seen())
    await world.until(MINUTE)
    world.secrets.values["PAGERDUTY_ROUTING_KEY"] = "another"
    await world.webhook(seen(ends=60_000))
    await world.until(10 * MINUTE)
    assert world.ledgers["pager"].dead == "credential_changed"
    assert world.store.counted["standing:ends_undeliverable"] == 1


async def test_closed_by_hand_then_a_rise_and_an_unrelated_new_alert() -> None:
    world = World()
    await world.webhook(seen(severity="warning"))
    await world.until(MINUTE)
    closed = await IncidentActions(world.shards, lambda: None).close(
        world.incidents[0].id, someone("ann"), "known", HOUR
    )
    assert isinstance(closed, Incident)
    await world.until(2 * MINUTE)
    assert states(world, "chat")[-1] is NotifiedState.CLOSED
    assert states(world, "pager") == [NotifiedState.FIRING, NotifiedState.CLOSED]
    await world.webhook(seen(severity="warning", at=120_000, pod="new"))
    await world.until(4 * MINUTE)
    assert len(world.incidents) == 2
    assert max(one.previous for one in world.incidents) == closed.id
    await world.until(70 * MINUTE)
    assert world.ledgers_of(closed.id)["pager"].generation == 2
    assert world.ledgers_of(closed.id)["pager"].last_notified.state is NotifiedState.FIRING


async def test_an_acknowledgement_is_shown_and_a_more_severe_alert_takes_it_back() -> None:
    world = World()
    await world.webhook(seen(severity="warning"))
    await world.until(MINUTE)
    await IncidentActions(world.shards, lambda: None).acknowledge(world.incidents[0].id, someone("ann"))
    await world.until(2 * MINUTE)
    assert world.ledgers["chat"].last_notified.acknowledged_by == "ann"
    await world.webhook(seen(severity="critical", at=120_000))
    await world.until(3 * MINUTE)
    assert world.ledgers["chat"].last_notified.acknowledged_by == ""
    assert any("the acknowledgement by ann no longer holds: it got worse" in text for text in said(world))


async def test_content_that_makes_us_stumble_is_told_plainly_in_the_end_and_raises_an_alert() -> None:
    world = World()
    world.slack.stumbles_over = "HighErrorRate"
    world.forgives = True
    await world.webhook(seen())
    await world.until(10 * MINUTE)
    assert states(world, "pager") == [NotifiedState.FIRING]
    told = world.slack.sent[0].notification
    assert told is not None
    assert "cannot show its alerts" in told.reason
    said = world.reports.count(("GatewayStuck", {"subject": "deliver:chat"}))
    assert said
    await world.until(HOUR)
    assert world.reports.count(("GatewayStuck", {"subject": "deliver:chat"})) == said

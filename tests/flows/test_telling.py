"""The main job over the in-memory store: who is told what, when, and how often."""

from __future__ import annotations

from gateway.model.alert import MAX_COPIES
from gateway.model.changes import Table
from gateway.model.durations import MINUTE, SECOND
from gateway.model.ledger import NotifiedState
from gateway.model.rules.kinds import CorrelateRule
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Condition, PageWhen, Quantifier, Route
from gateway.model.severity import Severity
from tests.support.build import START, pager, rulebook, seen, slack
from tests.support.world import World

WHEN_CRITICAL = PageWhen(Quantifier.ANY, (Condition(severity=Severity.CRITICAL),))


def route(**more: object) -> Route:
    return Route("everything", BUILT_IN, notify=("chat",), page=("pager",), **more)  # type: ignore[arg-type]


def states(world: World, target: str) -> list[NotifiedState]:
    sent = (*world.slack.sent, *world.pagerduty.sent)
    return [one.notification.state for one in sent if one.notification is not None and one.target == target]


async def test_a_firing_is_told_after_group_wait_at_chat_and_pager() -> None:
    world = World()
    await world.webhook(seen())
    await world.until(9 * SECOND)
    assert not world.slack.sent
    await world.until(11 * SECOND)
    assert states(world, "chat") == states(world, "pager") == [NotifiedState.FIRING]
    assert world.slack.sent[0].at == 10 * SECOND


async def test_repeats_change_nothing() -> None:
    world = World()
    for minute in range(60):
        await world.until(minute * MINUTE)
        await world.webhook(seen())
    assert len(world.slack.sent) == len(world.pagerduty.sent) == 1


async def test_an_end_edits_the_message_says_so_in_the_thread_and_resolves_the_page() -> None:
    world = World()
    await world.webhook(seen())
    await world.until(30 * SECOND)
    await world.webhook(seen(ends=30_000))
    await world.until(3 * MINUTE)
    assert [told for told in states(world, "chat") if told is NotifiedState.ENDED] == [NotifiedState.ENDED]
    assert states(world, "pager") == [NotifiedState.FIRING, NotifiedState.ENDED]
    assert [note.text for one in world.slack.sent for note in one.notes] == [
        "✅ Resolved: HighErrorRate, after 30s"
    ]
    assert sum(one.posted for one in world.slack.sent if one.notification) == 1


async def test_an_alert_that_ends_within_group_wait_is_told_to_nobody() -> None:
    world = World()
    await world.webhook(seen())
    await world.until(5 * SECOND)
    await world.webhook(seen(ends=5_000))
    await world.until(10 * MINUTE)
    assert not world.slack.sent
    assert not world.pagerduty.sent
    assert world.incidents[0].resolved_at


async def test_a_pair_of_replicas_with_staggered_ends_is_one_message_that_ends_once() -> None:
    world = World()
    await world.webhook(seen(replica="a"), seen(replica="b", at=3_000))
    await world.until(MINUTE)
    await world.webhook(seen(replica="a", ends=60_000))
    await world.until(4 * MINUTE)
    assert states(world, "chat") == [NotifiedState.FIRING]
    await world.webhook(seen(replica="b", at=3_000, ends=240_000))
    await world.until(8 * MINUTE)
    assert states(world, "chat")[-1] is NotifiedState.ENDED
    assert states(world, "pager") == [NotifiedState.FIRING, NotifiedState.ENDED]


async def test_two_targets_with_different_quiet_times_and_a_re_fire_between() -> None:
    """Chat is told the end at once; the pager waits a minute, sees the re-fire and just goes on."""
    world = World()
    await world.webhook(seen())
    await world.until(20 * SECOND)
    await world.webhook(seen(ends=20_000))
    await world.until(40 * SECOND)
    await world.webhook(seen(at=40_000))
    await world.until(5 * MINUTE)
    assert set(states(world, "pager")) == {NotifiedState.FIRING}
    await world.webhook(seen(at=40_000, ends=300_000))
    await world.until(20 * MINUTE)
    assert states(world, "pager").count(NotifiedState.ENDED) == 1
    assert states(world, "chat")[-1] is NotifiedState.ENDED
    assert world.ledgers["pager"].generation == 1
    assert len(world.incidents) == 1


async def test_an_orphan_end_tells_nobody() -> None:
    world = World()
    await world.webhook(seen(ends=1_000))
    await world.until(10 * MINUTE)
    assert not world.slack.sent
    assert not world.incidents


async def test_a_disputed_firing_is_told_after_its_wait_and_says_why() -> None:
    world = World()
    await world.webhook(seen(ends=1_000, severity="warning"))
    await world.webhook(seen(at=0, severity="warning"))
    await world.until(5 * MINUTE)
    assert not world.slack.sent
    await world.until(6 * MINUTE)
    assert world.slack.sent[0].notification is not None
    assert world.slack.sent[0].notification.reason == "re-opened without a newer start"


async def test_a_warning_does_not_page_and_a_rise_pages_at_once() -> None:
    world = World(rulebook(route(page_when=WHEN_CRITICAL)))
    await world.webhook(seen(severity="warning"))
    await world.until(20 * SECOND)
    assert not world.pagerduty.sent
    await world.webhook(seen(severity="critical", at=20_000))
    await world.until(35 * SECOND)
    assert [one.at for one in world.pagerduty.sent] == [20 * SECOND] or world.pagerduty.sent[
        0
    ].at <= 30 * SECOND


async def test_severity_none_that_no_rule_names_is_told_nowhere() -> None:
    world = World()
    await world.webhook(seen("Watchdog", severity="none"))
    await world.until(10 * MINUTE)
    assert not world.slack.sent
    assert world.store.counted["standing:suppressed"] > 0


async def test_updates_wait_for_the_update_interval() -> None:
    world = World()
    await world.webhook(seen(pod="a"))
    await world.until(10 * SECOND)
    for at in range(11, 29):
        world.at = at * SECOND
        await world.webhook(seen(at=at * 1_000, pod=f"p{at}"))
    await world.until(5 * MINUTE)
    messages = [one for one in world.slack.sent if one.notification]
    assert [one.at for one in messages] == [10 * SECOND, 40 * SECOND]


async def test_acknowledged_and_still_firing_is_not_reminded_but_unowned_is() -> None:
    world = World(rulebook(route(remind=30 * MINUTE)))
    await world.webhook(seen())
    await world.until(31 * MINUTE)
    said = [note.text for one in world.slack.sent for note in one.notes]
    assert said == ["🔴 HighErrorRate: still firing after 30m, not acknowledged here"]


async def test_two_teams_in_one_incident_are_told_in_a_channel_each() -> None:
    team = slack("team", "#{team}-oncall", allow=frozenset({"pay", "cart"}))
    world = World(rulebook(Route("all", BUILT_IN, notify=("team",)), destinations=(team, pager())))
    await world.webhook(seen(team="pay"), seen(team="cart", pod="x"))
    await world.until(MINUTE)
    assert {one.target for one in world.slack.sent} == {"team:#pay-oncall", "team:#cart-oncall"}
    assert len(world.incidents) == 1
    await world.webhook(seen(team="pay", ends=60_000))
    await world.until(2 * MINUTE)
    assert states(world, "team:#pay-oncall")[-1] is NotifiedState.ENDED
    assert states(world, "team:#cart-oncall")[-1] is NotifiedState.FIRING


async def test_a_channel_that_the_template_may_not_name_goes_to_the_fallback() -> None:
    team = slack("team", "#{team}-oncall", allow=frozenset({"pay"}), fallback=("chat",))
    world = World(rulebook(Route("all", BUILT_IN, notify=("team",)), destinations=(team, slack(), pager())))
    await world.webhook(seen(team="evil"))
    await world.until(MINUTE)
    assert {one.target for one in world.slack.sent} == {"chat"}


async def test_replicas_that_come_and_go_leave_no_pointers_behind() -> None:
    world = World()
    for number in range(80):
        await world.webhook(seen(at=number, replica=f"r{number}"))
        await world.webhook(seen(at=number, ends=number + 1, replica=f"r{number}"))
    assert len(world.store.rows[Table.COPIES]) == MAX_COPIES


async def test_the_message_says_whom_the_incident_paged_once_that_is_known() -> None:
    world = World()
    await world.webhook(seen())
    await world.until(2 * MINUTE)
    (edit,) = world.slack.said_pages
    assert edit.notification is not None
    assert not edit.posted
    assert edit.notification.pages == {"pager": START + world.pagerduty.sent[0].at}
    await world.webhook(seen(ends=2 * MINUTE))
    await world.until(4 * MINUTE)
    assert len(world.pagerduty.sent) == 2, "the page and its end: the edit was for the message's readers"


async def test_what_speaks_of_an_exporter_is_passed_over_by_readers_alone() -> None:
    """Correlation and identity read the labels as they are: both alerts share the exporter's service."""
    exporter = {"job": "kube-state-metrics", "service": "kps-kube-state-metrics"}
    both = CorrelateRule("exporter", BUILT_IN, by=("service",))
    world = World(rulebook(Route("everything", BUILT_IN, notify=("chat",)), correlate=(both,)))
    await world.webhook(
        *(seen("PodLoops", namespace="shop", pod=pod, **exporter) for pod in ("cart-1", "web-1"))
    )
    await world.until(MINUTE)
    assert len(world.incidents) == 1
    told = world.slack.sent[-1].notification
    assert told is not None
    assert told.title == "PodLoops ×2 · shop/cart-1, web-1"
    assert {line.labels["service"] for line in told.lines} == {"kps-kube-state-metrics"}

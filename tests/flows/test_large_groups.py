"""A group of more alerts than one incident may have is one page, which says how many there are in all."""

from __future__ import annotations

from gateway.actions.incidents import IncidentActions
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.incident import Incident
from gateway.model.ledger import NotifiedState
from gateway.model.notification import Notification, Refused
from gateway.model.rules.kinds import CorrelateRule
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.rulebook import Rulebook
from tests.decisions.cases import route
from tests.flows.test_silences import silenced
from tests.support.build import rulebook, seen, slack, someone
from tests.support.world import World

TENS = (CorrelateRule("tens", BUILT_IN, by=("alertname",), max_alerts=10),)


def tens(**more: object) -> Rulebook:
    return rulebook(route(**more), correlate=TENS)


async def down(world: World, *pods: int, **more: object) -> None:
    at = world.at
    await world.webhook(*[seen("PodDown", pod=f"p{number}", at=at, **more) for number in pods])  # type: ignore[arg-type]


async def over(world: World, *pods: int, at: int = 0, **more: object) -> None:
    ends = world.at
    await world.webhook(
        *[seen("PodDown", pod=f"p{number}", at=at, ends=ends, **more) for number in pods]  # type: ignore[arg-type]
    )


def paged(world: World) -> list[str]:
    """The incidents that PagerDuty was told of as firing, each once."""
    told = [one.notification for one in world.pagerduty.sent if one.notification is not None]
    firing = [one.incident for one in told if one.state is NotifiedState.FIRING]
    return list(dict.fromkeys(firing))


def group(world: World) -> list[Incident]:
    """The incidents, the first of the group first."""
    return sorted(world.incidents, key=lambda incident: len(incident.continues))


def newest(world: World, incident: str, target: str = "pager") -> Notification:
    sent = (*world.pagerduty.sent, *world.slack.sent)
    return [
        one.notification
        for one in sent
        if one.notification is not None
        and (one.notification.incident, one.notification.target) == (incident, target)
    ][-1]


async def test_a_webhook_of_thirty_five_alerts_is_one_page_of_four_linked_incidents() -> None:
    world = World(tens())
    await down(world, *range(35))
    await world.until(10 * MINUTE)
    first, *others = group(world)
    assert paged(world) == [first.id]
    assert [len(incident.members) for incident in (first, *others)] == [10, 10, 10, 5]
    assert [incident.continues for incident in others][-1] == tuple(one.id for one in (first, *others[:-1]))
    page = newest(world, first.id)
    assert (page.firing, page.elsewhere) == (10, 25)
    assert "×35" in page.title


async def test_the_very_first_page_says_how_many_there_are_even_without_a_group_wait() -> None:
    world = World(tens(group_wait=0))
    await down(world, *range(35))
    page = world.pagerduty.sent[0].notification
    assert page is not None
    assert (page.firing, page.elsewhere) == (10, 25)
    assert paged(world) == [group(world)[0].id]


async def test_the_channel_has_a_message_of_each_and_only_the_first_calls_people() -> None:
    world = World(rulebook(route(page=("chat",)), destinations=(slack(),), correlate=TENS))
    await down(world, *range(25))
    await world.until(10 * MINUTE)
    first, *others = group(world)
    shown = [newest(world, incident.id, "chat") for incident in (first, *others)]
    assert [one.page for one in shown] == [True, False, False]
    assert [one.reason for one in shown[1:]] == [f"more of incident {first.id}, which is full"] * 2


async def test_what_comes_later_joins_the_group_and_the_page_counts_it() -> None:
    world = World(tens())
    await down(world, *range(10))
    await world.until(MINUTE)
    await down(world, *range(10, 14))
    await world.until(5 * MINUTE)
    first, second = group(world)
    assert paged(world) == [first.id]
    assert newest(world, first.id).elsewhere == 4
    assert "paged_before" in world.ledgers_of(second.id)["pager"].status_counts.reasons
    await over(world, 10, 11, at=MINUTE)
    await world.until(10 * MINUTE)
    assert newest(world, first.id).elsewhere == 2


async def test_what_is_worse_than_the_page_before_pages_by_itself() -> None:
    world = World(tens())
    await down(world, *range(10), severity="warning")
    await world.until(MINUTE)
    await down(world, *range(10, 13))
    await world.until(5 * MINUTE)
    assert paged(world) == [incident.id for incident in group(world)]


async def test_what_fires_on_when_the_page_before_is_over_pages_then() -> None:
    world = World(tens())
    await down(world, *range(15))
    await world.until(MINUTE)
    first, second = group(world)
    assert paged(world) == [first.id]
    await over(world, *range(10))
    await world.until(5 * MINUTE)
    assert paged(world) == [first.id, second.id]


async def test_what_fires_on_when_somebody_closes_the_page_before_pages_once() -> None:
    world = World(tens())
    await down(world, *range(25))
    await world.until(MINUTE)
    first, second, _ = group(world)
    await IncidentActions(world.shards, lambda: None).close(first.id, someone("ann"), "", HOUR)
    await world.until(5 * MINUTE)
    assert paged(world) == [first.id, second.id]


async def test_a_page_that_a_silence_keeps_quiet_stands_for_nothing_else() -> None:
    world = World(tens())
    await down(world, *range(10), zone="a")
    await world.until(MINUTE)
    await silenced(world, 'zone="a"', hours=5)
    await down(world, *range(10, 13), zone="b")
    await world.until(5 * MINUTE)
    assert paged(world) == [incident.id for incident in group(world)]


async def test_an_acknowledged_page_still_stands_for_its_group() -> None:
    world = World(tens())
    await down(world, *range(10))
    await world.until(MINUTE)
    await IncidentActions(world.shards, lambda: None).acknowledge(group(world)[0].id, someone("ann"))
    await down(world, *range(10, 13))
    await world.until(5 * MINUTE)
    assert paged(world) == [group(world)[0].id]


async def test_a_page_before_that_cannot_be_sent_is_waited_for_two_minutes_at_most() -> None:
    world = World(tens())
    world.pagerduty.down = True
    await down(world, *range(15))
    await world.until(MINUTE)
    first, second = group(world)
    assert world.ledgers_of(second.id)["pager"].attempts == 0
    await world.until(4 * MINUTE)
    assert world.ledgers_of(second.id)["pager"].attempts > 0
    world.pagerduty.down = False
    await world.until(6 * MINUTE)
    assert set(paged(world)) == {first.id, second.id}


async def test_a_page_before_that_is_refused_for_good_stands_for_nothing() -> None:
    world = World(tens())
    world.pagerduty.answers = [Refused("invalid", permanent=True)]
    await down(world, *range(15))
    await world.until(MINUTE)
    assert paged(world) == [group(world)[1].id]


async def test_another_trouble_after_a_long_rest_is_no_continuation() -> None:
    world = World(
        rulebook(
            route(),
            correlate=(CorrelateRule("tens", BUILT_IN, by=("alertname",), max_alerts=10, window=MINUTE),),
        )
    )
    await down(world, *range(10))
    await world.until(10 * MINUTE)
    await down(world, 11)
    await world.until(20 * MINUTE)
    assert len(paged(world)) == 2
    assert all(not incident.continues for incident in world.incidents)


async def test_every_end_of_a_group_is_told_where_its_firing_was() -> None:
    world = World(tens())
    await down(world, *range(25))
    await world.until(30 * SECOND)
    await over(world, *range(25))
    await world.until(HOUR)
    states = {ledger.last_notified.state for ledger in world.ledgers_everywhere}
    assert states == {NotifiedState.ENDED, NotifiedState.NOTHING}
    assert all(incident.resolved_at for incident in world.incidents)

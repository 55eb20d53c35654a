"""Maintenance, mutes, shifts and hours: who is not told now, and that nothing told before is lost by it."""

from __future__ import annotations

from gateway.model.durations import DAY, HOUR, MINUTE, SECOND
from gateway.model.ledger import NotifiedState
from gateway.model.rules.kinds import Maintenance
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Hours, Mute, Route, Shift
from gateway.model.rules.rulebook import Rulebook
from gateway.model.time_intervals import TimeInterval
from tests.flows.test_telling import states
from tests.support.build import START, match, pager, rulebook, seen, slack
from tests.support.world import World

# START is a Friday, 08:00 UTC.
NIGHT = TimeInterval.parse({"times": [{"start_time": "00:00", "end_time": "09:00"}]})
DAYTIME = TimeInterval.parse({"times": [{"start_time": "09:00", "end_time": "24:00"}]})


def rules(route: Route, *work: Maintenance) -> Rulebook:
    made = rulebook(route, destinations=(slack(), pager(), pager("apac"), slack("other", "C2")))
    values = {name: getattr(made, name) for name in made.__slots__}
    return Rulebook(**values | {"maintenance": work, "intervals": {"night": (NIGHT,), "daytime": (DAYTIME,)}})


def everything(**more: object) -> Route:
    return Route("everything", BUILT_IN, **{"notify": ("chat",), "page": ("pager",), **more})  # type: ignore[arg-type]


def upgrade(start: int = 0, end: int = HOUR, matchers: str = 'service="db"', **more: object) -> Maintenance:
    return Maintenance("upgrade", BUILT_IN, match(matchers), START + start, START + end if end else 0, **more)  # type: ignore[arg-type]


def said(world: World) -> list[str]:
    return [note.text for one in world.slack.sent for note in one.notes]


async def test_what_work_covers_is_told_at_once_when_the_work_is_over_and_it_still_fires() -> None:
    world = World(rules(everything(), upgrade()))
    await world.webhook(seen(service="db"), seen(service="web"))
    await world.until(59 * MINUTE)
    assert [one.notification.where["service"] for one in world.slack.sent if one.notification] == ["web"]
    await world.until(HOUR + SECOND)
    assert len(world.pagerduty.sent) == 2


async def test_what_ends_within_the_work_was_told_to_nobody() -> None:
    world = World(rules(everything(), upgrade()))
    await world.webhook(seen(service="db"))
    await world.until(30 * MINUTE)
    await world.webhook(seen(service="db", ends=30 * MINUTE))
    await world.until(DAY)
    assert not world.slack.sent
    assert not world.pagerduty.sent


async def test_what_was_told_before_the_work_began_is_ended_within_it() -> None:
    world = World(rules(everything(), upgrade(start=10 * MINUTE)))
    await world.webhook(seen(service="db"))
    await world.until(20 * MINUTE)
    await world.webhook(seen(service="db", ends=20 * MINUTE))
    await world.until(30 * MINUTE)
    assert states(world, "chat")[-1] is NotifiedState.ENDED
    assert states(world, "pager")[-1] is NotifiedState.ENDED


async def test_work_that_begins_after_the_telling_edits_the_message_and_its_end_is_said_in_the_channel() -> (
    None
):
    world = World(rules(everything(), upgrade(start=10 * MINUTE)))
    await world.webhook(seen(service="db"))
    await world.until(20 * MINUTE)
    assert states(world, "chat") == [NotifiedState.FIRING, NotifiedState.FIRING]
    shown = world.slack.sent[-2].notification
    assert shown is not None
    assert shown.quieted is not None
    assert shown.quieted.named() == "maintenance: upgrade (built-in)"
    await world.until(2 * HOUR)
    assert set(states(world, "chat")) == {NotifiedState.FIRING}
    assert said(world)[-1].endswith("fires on: the maintenance is over (upgrade (built-in))")
    assert NotifiedState.ENDED not in states(world, "pager")


async def test_weekly_work_is_in_force_in_its_hours() -> None:
    world = World(
        rules(everything(), Maintenance("backup", BUILT_IN, match('service="db"'), hours=Hours(("night",))))
    )
    await world.webhook(seen(service="db"))
    await world.until(59 * MINUTE)
    assert not world.slack.sent
    await world.until(HOUR + SECOND)
    assert states(world, "chat") == [NotifiedState.FIRING]


async def test_a_route_that_is_muted_at_night_shows_but_does_not_page_until_morning() -> None:
    world = World(rules(everything(mute=Mute(page=("night",)))))
    await world.webhook(seen(severity="warning"))
    await world.until(30 * MINUTE)
    assert (len(states(world, "chat")), world.pagerduty.sent) == (1, [])
    await world.until(HOUR + SECOND)
    assert states(world, "pager") == [NotifiedState.FIRING]


async def test_critical_breaks_through_a_mute_unless_the_route_says_otherwise() -> None:
    for critical, pages in ((False, 1), (True, 0)):
        world = World(rules(everything(mute=Mute(page=("night",), critical=critical))))
        await world.webhook(seen())
        await world.until(30 * MINUTE)
        assert len(world.pagerduty.sent) == pages


async def test_at_a_change_of_shift_the_new_one_is_paged_and_the_old_one_hears_where_it_went() -> None:
    shifts = (Shift(Hours(("night",)), page=("apac",)), Shift(Hours(("daytime",)), page=("pager",)))
    world = World(rules(everything(page=(), shifts=shifts)))
    await world.webhook(seen())
    await world.until(30 * MINUTE)
    assert (states(world, "apac"), states(world, "pager")) == ([NotifiedState.FIRING], [])
    await world.until(HOUR + MINUTE)
    assert (states(world, "apac"), states(world, "pager")) == (
        [NotifiedState.FIRING, NotifiedState.MOVED],
        [NotifiedState.FIRING],
    )


async def test_a_route_out_of_its_hours_leaves_its_alerts_to_the_next() -> None:
    made = rules(everything())
    by_day = Route("by-day", BUILT_IN, notify=("other",), hours=Hours(("daytime",)))
    values = {name: getattr(made, name) for name in made.__slots__}
    world = World(Rulebook(**values | {"routes": (by_day, *made.routes), "roots": (0, 1)}))
    await world.webhook(seen())
    await world.until(30 * MINUTE)
    assert (states(world, "chat"), states(world, "other")) == ([NotifiedState.FIRING], [])


async def test_nothing_holds_a_critical_alert_longer_than_longest_hold() -> None:
    world = World(rules(everything(group_wait=HOUR, longest_hold=2 * MINUTE)))
    await world.webhook(seen())
    await world.until(2 * MINUTE)
    assert states(world, "pager") == [NotifiedState.FIRING]


async def test_an_update_interval_holds_no_further_critical_alert_longer_than_longest_hold() -> None:
    world = World(rules(everything(update_interval=HOUR, longest_hold=2 * MINUTE)))
    await world.webhook(seen(pod="a"))
    await world.until(MINUTE)
    await world.webhook(seen(pod="b", at=MINUTE))
    await world.until(3 * MINUTE)
    assert [len(one.notification.lines) for one in world.slack.sent if one.notification] == [1, 2]
    await world.webhook(seen(pod="c", at=3 * MINUTE, severity="warning"))
    await world.until(HOUR)
    assert [len(one.notification.lines) for one in world.slack.sent if one.notification] == [1, 2]


async def test_a_warning_waits_for_its_whole_group_wait() -> None:
    world = World(rules(everything(group_wait=HOUR, longest_hold=2 * MINUTE)))
    await world.webhook(seen(severity="warning"))
    await world.until(59 * MINUTE)
    assert not world.slack.sent

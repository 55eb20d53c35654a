"""Inhibition over time: who is told what when a source comes early, late, again or never, and that no end is
lost by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from gateway.actions.incidents import IncidentActions
from gateway.decisions.intake.correlate import Correlator
from gateway.model.alert import Observation
from gateway.model.changes import Query, Result, Table
from gateway.model.durations import DAY, HOUR, MINUTE, SECOND
from gateway.model.ledger import NotifiedState
from gateway.model.rules.kinds import CorrelateRule, InhibitRule, Maintenance
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Hours, Route
from gateway.model.rules.rulebook import Rulebook
from gateway.model.time_intervals import TimeInterval
from tests.flows.test_telling import states
from tests.support.build import START, match, pager, rulebook, seen, slack, someone
from tests.support.world import World

NODE_DOWN = InhibitRule(
    "node-down", BUILT_IN, match('alertname="NodeDown"'), match('alertname!="NodeDown"'), ("node",)
)
EVERYTHING = Route("everything", BUILT_IN, notify=("chat",), page=("pager",))
NIGHT = TimeInterval.parse({"times": [{"start_time": "00:00", "end_time": "09:00"}]})  # START is at 08:00


def rules(*inhibit: InhibitRule, routes: Sequence[Route] = (EVERYTHING,), **more: object) -> Rulebook:
    made = rulebook(*routes, destinations=(slack(), slack("other", "C2"), pager()))
    return replace(made, inhibit=inhibit or (NODE_DOWN,), intervals={"night": (NIGHT,)}, **more)  # type: ignore[arg-type]


def down(*, at: int = 0, ends: int | None = None, **more: str) -> Observation:
    return seen("NodeDown", at=at, ends=ends, **{"node": "n1", **more})  # type: ignore[arg-type]


def slow(*, at: int = 0, ends: int | None = None, **more: str) -> Observation:
    """A consequence of it."""
    return seen("Slow", at=at, ends=ends, **{"node": "n1", "severity": "warning", **more})  # type: ignore[arg-type]


def told(world: World, name: str = "Slow", target: str = "chat") -> list[NotifiedState]:
    """What this target was told of the alert's incident, in order."""
    sent = (*world.slack.sent, *world.pagerduty.sent)
    return [
        one.notification.state
        for one in sent
        if one.notification and one.target == target and one.notification.lines[0].name == name
    ]


def silenced_after_notify(world: World) -> list[str]:
    return [
        one.notification.quieted.named() if one.notification.quieted is not None else ""
        for one in world.slack.sent
        if one.notification and one.notification.lines[0].name == "Slow"
    ]


def said(world: World) -> list[str]:
    return [note.text for one in world.slack.sent for note in one.notes]


def nothing_stands(world: World) -> bool:
    return not any(world.store._topics._standing.values()) and not any(
        world.store._topics._subscribers.values()
    )


async def over(world: World) -> None:
    """Nobody believes that something fires, and nothing of it is left in the end."""
    await world.until(world.at + HOUR)
    assert not any(any(one.last_notified.members.values()) for one in world.ledgers_everywhere)
    assert nothing_stands(world)
    await world.until(world.at + 8 * DAY)
    assert not any(
        rows for table, rows in world.store.rows.items() if table not in (Table.META, Table.EVENTS)
    )


# The order in which they come


async def test_a_target_whose_source_fires_already_is_told_to_nobody_and_says_why() -> None:
    world = World(rules())
    await world.webhook(down())
    await world.until(MINUTE)
    await world.webhook(slow(at=MINUTE))
    await world.until(HOUR)
    assert (told(world, "NodeDown"), told(world), told(world, target="pager")) == (
        [NotifiedState.FIRING],
        [],
        [],
    )
    assert world.store.counted["standing:suppressed"] == 2  # at chat and at the pager


async def test_a_source_that_comes_during_group_wait_is_early_enough() -> None:
    world = World(rules())
    await world.webhook(slow())
    await world.until(5 * SECOND)
    await world.webhook(down(at=5_000))
    await world.until(HOUR)
    assert told(world) == []


async def test_both_in_one_webhook_in_either_order_tell_of_the_source_alone() -> None:
    for both in ((slow(), down()), (down(), slow())):
        world = World(rules())
        await world.webhook(*both)
        await world.until(HOUR)
        assert (told(world, "NodeDown"), told(world)) == ([NotifiedState.FIRING], [])


async def test_a_source_that_comes_within_the_wait_keeps_the_target_quiet() -> None:
    world = World(rules(replace(NODE_DOWN, wait=40 * SECOND)))
    await world.webhook(slow())
    await world.until(39 * SECOND)
    assert told(world) == []
    await world.webhook(down(at=39_000))
    await world.until(HOUR)
    assert told(world) == []


async def test_a_wait_without_a_source_is_told_when_it_is_over_and_not_later() -> None:
    world = World(rules(replace(NODE_DOWN, wait=40 * SECOND)))
    await world.webhook(slow())
    await world.until(39 * SECOND)
    assert told(world) == []
    await world.until(41 * SECOND)
    assert (told(world), told(world, target="pager")) == ([NotifiedState.FIRING], [NotifiedState.FIRING])
    assert world.slack.sent[0].at == 40 * SECOND


async def test_a_target_that_ends_within_the_wait_is_told_to_nobody() -> None:
    world = World(rules(replace(NODE_DOWN, wait=40 * SECOND)))
    await world.webhook(slow())
    await world.until(20 * SECOND)
    await world.webhook(slow(ends=20_000))
    await over(world)
    assert not world.slack.sent


async def test_a_critical_target_waits_no_longer_than_longest_hold() -> None:
    world = World(rules(replace(NODE_DOWN, wait=HOUR), routes=[replace(EVERYTHING, longest_hold=2 * MINUTE)]))
    await world.webhook(slow(severity="critical"))
    await world.until(2 * MINUTE - SECOND)
    assert told(world) == []
    await world.until(2 * MINUTE + SECOND)
    assert told(world, target="pager") == [NotifiedState.FIRING]


async def test_a_critical_target_is_inhibited_for_longer_than_longest_hold_because_nothing_is_held_back() -> (
    None
):
    world = World(rules(routes=[replace(EVERYTHING, longest_hold=2 * MINUTE)]))
    await world.webhook(down(), slow(severity="critical"))
    await world.until(HOUR)
    assert told(world) == []


# A source that comes after the telling


async def after_the_telling(world: World) -> None:
    await world.webhook(slow())
    await world.until(MINUTE)
    assert (told(world), told(world, target="pager")) == ([NotifiedState.FIRING], [NotifiedState.FIRING])
    await world.webhook(down(at=MINUTE))
    await world.until(10 * MINUTE)


async def test_a_source_that_comes_after_the_telling_edits_the_message_and_ends_nothing() -> None:
    world = World(rules())
    await after_the_telling(world)
    assert set(told(world)) == set(told(world, target="pager")) == {NotifiedState.FIRING}
    assert silenced_after_notify(world) == ["", "inhibited: node-down (built-in), NodeDown fires"]
    (note,) = said(world)
    assert note.endswith(": inhibited: NodeDown fires (node-down (built-in))")


async def test_the_end_of_a_target_that_was_told_is_told_while_its_source_fires() -> None:
    world = World(rules())
    await after_the_telling(world)
    await world.webhook(slow(ends=world.at))
    await world.until(world.at + 5 * MINUTE)
    assert (told(world)[-1], told(world, target="pager")[-1]) == (NotifiedState.ENDED, NotifiedState.ENDED)
    assert [*told(world), *told(world, target="pager")].count(NotifiedState.ENDED) == 2
    assert told(world, "NodeDown") == [NotifiedState.FIRING]


async def test_a_page_that_was_inhibited_and_released_is_resolved_once_and_never_before() -> None:
    world = World(rules())
    await after_the_telling(world)
    await world.webhook(down(at=MINUTE, ends=world.at))
    await world.until(20 * MINUTE)
    assert sum("fires on: nothing inhibits it any more" in text for text in said(world)) == 1
    await world.webhook(slow(ends=20 * MINUTE))
    await over(world)
    paged = told(world, target="pager")
    assert paged[-1] is NotifiedState.ENDED
    assert paged.count(NotifiedState.ENDED) == 1
    assert {one.notification.generation for one in world.pagerduty.sent if one.notification} == {1}


async def test_what_fires_again_while_inhibited_and_before_its_end_was_told_goes_on_for_people() -> None:
    world = World(rules())
    await after_the_telling(world)
    await world.webhook(slow(ends=world.at))
    await world.until(world.at + 10 * SECOND)
    again = world.at
    await world.webhook(slow(at=again))
    await world.until(again + 10 * MINUTE)
    assert {*told(world, target="pager")} == {NotifiedState.FIRING}
    await world.webhook(slow(at=again, ends=world.at), down(at=MINUTE, ends=world.at))
    await over(world)
    assert told(world, target="pager")[-1] is NotifiedState.ENDED
    assert {one.notification.generation for one in world.pagerduty.sent if one.notification} == {1}


async def test_what_fires_again_while_inhibited_after_a_told_end_is_told_once_nothing_inhibits_it() -> None:
    world = World(rules())
    await after_the_telling(world)
    await world.webhook(slow(ends=world.at))
    await world.until(world.at + 2 * MINUTE)
    again = world.at
    await world.webhook(slow(at=again))
    await world.until(again + 10 * MINUTE)
    assert told(world, target="pager")[-1] is NotifiedState.ENDED
    await world.webhook(down(at=MINUTE, ends=world.at))
    await world.until(world.at + 2 * SECOND)
    assert told(world, target="pager")[-1] is NotifiedState.FIRING
    await world.webhook(slow(at=again, ends=world.at))
    await over(world)
    assert told(world, target="pager")[-1] is NotifiedState.ENDED


# A source that ends


async def test_when_the_source_ends_what_still_fires_is_told_at_once() -> None:
    world = World(rules())
    await world.webhook(down(), slow())
    await world.until(HOUR)
    await world.webhook(down(ends=HOUR))
    await world.until(HOUR + SECOND)
    assert (told(world), told(world, target="pager")) == ([NotifiedState.FIRING], [NotifiedState.FIRING])


async def test_when_both_end_together_nobody_hears_of_the_target() -> None:
    for ends in ((down(ends=HOUR), slow(ends=HOUR)), (slow(ends=HOUR), down(ends=HOUR))):
        world = World(rules())
        await world.webhook(down(), slow())
        await world.until(HOUR)
        await world.webhook(*ends)
        await over(world)
        assert told(world) == []


async def test_a_target_that_ends_under_its_source_was_told_to_nobody_and_nobody_hears_of_its_end() -> None:
    world = World(rules())
    await world.webhook(down(), slow())
    await world.until(MINUTE)
    await world.webhook(slow(ends=MINUTE))
    await world.until(2 * MINUTE)
    await world.webhook(down(ends=2 * MINUTE))
    await over(world)
    assert told(world) == []


async def test_it_stays_quiet_until_the_last_of_several_sources_ends() -> None:
    world = World(rules())
    await world.webhook(down(pod="a"), down(pod="b"), slow())
    await world.until(MINUTE)
    await world.webhook(down(pod="a", ends=MINUTE))
    await world.until(HOUR)
    assert told(world) == []
    await world.webhook(down(pod="b", ends=HOUR))
    await world.until(HOUR + SECOND)
    assert told(world) == [NotifiedState.FIRING]


async def test_a_source_that_ends_and_fires_again_keeps_the_target_quiet_again() -> None:
    world = World(rules())
    await world.webhook(down(), slow())
    await world.until(10 * MINUTE)
    await world.webhook(down(ends=10 * MINUTE))
    await world.until(20 * MINUTE)
    assert told(world) == [NotifiedState.FIRING]
    await world.webhook(down(at=20 * MINUTE))
    await world.until(30 * MINUTE)
    assert silenced_after_notify(world)[-1].startswith("inhibited: ")
    await world.webhook(down(at=20 * MINUTE, ends=30 * MINUTE))
    await world.until(30 * MINUTE + 5 * SECOND)
    assert silenced_after_notify(world)[-1] == ""
    assert set(told(world)) == {NotifiedState.FIRING}
    await world.webhook(slow(ends=world.at))
    await over(world)
    assert told(world)[-1] is NotifiedState.ENDED


async def test_a_copy_of_the_source_that_ends_while_its_twin_fires_frees_nobody() -> None:
    world = World(rules())
    await world.webhook(down(replica="a"), down(replica="b"), slow())
    await world.until(MINUTE)
    await world.webhook(down(replica="a", ends=MINUTE))
    await world.until(HOUR)
    assert told(world) == []
    await world.webhook(down(replica="b", ends=HOUR))
    await world.until(HOUR + SECOND)
    assert told(world) == [NotifiedState.FIRING]


async def test_copies_of_the_target_are_one_target() -> None:
    world = World(rules())
    await world.webhook(slow(replica="a"), slow(replica="b"))
    await world.until(MINUTE)
    await world.webhook(down(at=MINUTE))
    await world.until(10 * MINUTE)
    await world.webhook(slow(replica="a", ends=10 * MINUTE))
    await world.until(20 * MINUTE)
    assert NotifiedState.ENDED not in told(world)
    await world.webhook(slow(replica="b", ends=20 * MINUTE), down(at=MINUTE, ends=20 * MINUTE))
    await over(world)
    assert told(world).count(NotifiedState.ENDED) == 1


async def test_a_disputed_source_keeps_its_target_quiet_while_it_fires() -> None:
    world = World(rules())
    await world.webhook(down(), slow())
    await world.until(10 * MINUTE)
    await world.webhook(down(ends=10 * MINUTE))
    await world.until(11 * MINUTE)
    await world.webhook(down())  # a late copy: it did not start anew
    await world.until(11 * MINUTE + 5 * SECOND)
    assert silenced_after_notify(world)[-1].startswith("inhibited: ")
    await world.webhook(down(ends=12 * MINUTE))
    await world.until(13 * MINUTE)
    assert silenced_after_notify(world)[-1] == ""


# Where the source is


@pytest.mark.parametrize(
    ("routes", "correlate"),
    [
        pytest.param(
            [EVERYTHING], (CorrelateRule("one", BUILT_IN, by=("node",)),), id="in the same incident"
        ),
        pytest.param(
            [Route("other", BUILT_IN, match('alertname="NodeDown"'), notify=("other",)), EVERYTHING],
            (),
            id="on another route",
        ),
        pytest.param([replace(EVERYTHING, match=match('alertname="Slow"'))], (), id="routed nowhere"),
    ],
)
async def test_a_source_counts_wherever_it_is_told(
    routes: list[Route], correlate: tuple[CorrelateRule, ...]
) -> None:
    world = World(rules(routes=routes, correlate=correlate))
    await world.webhook(down(), slow())
    await world.until(HOUR)
    shown = [line.name for one in world.slack.sent if one.notification for line in one.notification.lines]
    assert "Slow" not in shown
    await world.webhook(down(ends=HOUR))
    await world.until(HOUR + 31 * SECOND)
    shown = [
        line.name
        for one in world.slack.sent
        if one.notification
        for line in one.notification.lines
        if not line.ended_at
    ]
    assert "Slow" in shown


async def test_an_incident_of_both_ends_at_its_targets_when_both_have_ended() -> None:
    world = World(rules(correlate=(CorrelateRule("one", BUILT_IN, by=("node",)),)))
    await world.webhook(down(), slow())
    await world.until(MINUTE)
    await world.webhook(down(ends=MINUTE))
    await world.until(10 * MINUTE)
    assert states(world, "pager")[-1] is NotifiedState.FIRING, "the target fires on"
    await world.webhook(slow(ends=10 * MINUTE))
    await over(world)
    assert states(world, "pager").count(NotifiedState.ENDED) == 1


async def test_a_source_that_is_itself_kept_quiet_keeps_its_targets_quiet() -> None:
    work = Maintenance("work", BUILT_IN, match('alertname="NodeDown"'), START, START + 2 * HOUR)
    world = World(rules(maintenance=(work,)))
    await world.webhook(down(), slow())
    await world.until(HOUR)
    assert not world.slack.sent


async def test_an_incident_with_a_target_and_another_alert_tells_of_the_other_alone() -> None:
    world = World(
        rules(
            replace(NODE_DOWN, target=match('alertname="Slow"')),
            correlate=(CorrelateRule("one", BUILT_IN, by=("node",)),),
        )
    )
    await world.webhook(down(node="n2"), slow(node="n2"), seen("Disk", node="n2"))
    await world.until(HOUR)
    shown = {line.name for one in world.slack.sent if one.notification for line in one.notification.lines}
    assert shown == {"NodeDown", "Disk"}


# Rules that change while both fire


async def test_a_rule_that_is_added_keeps_quiet_what_was_told_already_and_ends_nothing() -> None:
    world = World(rulebook())
    await world.webhook(down(), slow())
    await world.until(MINUTE)
    await world.reload(rules())
    await world.until(10 * MINUTE)
    assert silenced_after_notify(world)[-1].startswith("inhibited: ")
    await world.webhook(slow(ends=10 * MINUTE))
    await world.until(20 * MINUTE)
    assert (told(world)[-1], told(world, target="pager")[-1]) == (NotifiedState.ENDED, NotifiedState.ENDED)


async def test_a_rule_that_is_removed_has_told_at_once_what_it_kept_quiet() -> None:
    world = World(rules())
    await world.webhook(down(), slow())
    await world.until(HOUR)
    await world.reload(replace(rules(), inhibit=()))
    await world.until(HOUR + SECOND)
    assert told(world) == [NotifiedState.FIRING]
    await world.webhook(down(ends=world.at), slow(ends=world.at))
    await over(world)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(replace(NODE_DOWN, equal=("node", "pod")), id="other labels must be equal"),
        pytest.param(replace(NODE_DOWN, source=match('alertname="RackDown"')), id="another source"),
        pytest.param(replace(NODE_DOWN, target=match('alertname="Disk"')), id="another target"),
        pytest.param(replace(NODE_DOWN, hours=Hours(not_during=("night",))), id="other hours"),
    ],
)
async def test_a_rule_that_changes_holds_as_it_is_now(changed: InhibitRule) -> None:
    world = World(rules())
    await world.webhook(down(), slow(pod="p"))
    await world.until(30 * MINUTE)
    assert told(world) == []
    await world.reload(rules(changed))
    await world.until(31 * MINUTE)
    assert told(world) == [NotifiedState.FIRING]
    await world.reload(rules())
    await world.until(40 * MINUTE)
    assert silenced_after_notify(world)[-1].startswith("inhibited: ")
    await world.webhook(down(ends=world.at), slow(pod="p", ends=world.at))
    await over(world)


async def test_a_rule_within_its_hours_frees_its_targets_when_they_are_over() -> None:
    world = World(rules(replace(NODE_DOWN, hours=Hours(("night",)))))
    await world.webhook(down(), slow())
    await world.until(HOUR - SECOND)
    assert told(world) == []
    await world.until(HOUR + SECOND)
    assert told(world) == [NotifiedState.FIRING]


async def test_a_source_that_a_replica_with_the_rules_before_takes_in_counts_soon() -> None:
    world = World(rulebook())
    await world.reload(rules())
    await world.until(SECOND)
    world.intake.correlator = Correlator(rulebook())  # that replica has not reloaded yet
    await world.webhook(down(at=SECOND))
    await world.until(5 * SECOND)
    world.intake.correlator = Correlator(rules())
    await world.webhook(slow(at=5_000))
    await world.until(MINUTE)
    assert silenced_after_notify(world)[-1].startswith("inhibited: ")
    await world.webhook(down(at=SECOND, ends=MINUTE))
    await world.until(MINUTE + 5 * SECOND)
    assert silenced_after_notify(world)[-1] == ""


async def test_a_wait_that_a_reload_brings_holds_nothing_back_that_was_told_already() -> None:
    world = World(rulebook())
    await world.webhook(slow())
    await world.until(MINUTE)
    await world.reload(rules(replace(NODE_DOWN, wait=10 * MINUTE)))
    await world.until(HOUR)
    assert (told(world), told(world, target="pager")) == ([NotifiedState.FIRING], [NotifiedState.FIRING])


async def test_what_breaks_off_a_wait_breaks_off_no_pause_of_paging() -> None:
    waits = rules(replace(NODE_DOWN, wait=HOUR), routes=[replace(EVERYTHING, longest_hold=MINUTE)])
    world = World(waits)
    await world.desk.switch("pause", "ann", START + 10 * MINUTE, "exercise")
    await world.webhook(slow(severity="critical"))
    await world.until(10 * MINUTE - SECOND)
    assert (told(world), told(world, target="pager")) == ([NotifiedState.FIRING], [])
    await world.until(10 * MINUTE + SECOND)
    assert told(world, target="pager") == [NotifiedState.FIRING]


# What else happens in between


async def test_a_restart_forgets_neither_who_stands_nor_who_watches() -> None:
    world = World(rules())
    await world.webhook(slow())
    await world.until(MINUTE)
    await world.webhook(down(at=MINUTE))
    await world.until(2 * MINUTE)
    world.begin(rules())
    await world.webhook(slow(at=2 * MINUTE, pod="p"))
    await world.until(HOUR)
    assert silenced_after_notify(world)[-1].startswith("inhibited: ")
    await world.webhook(down(at=MINUTE, ends=HOUR))
    await world.until(HOUR + 31 * SECOND)
    assert silenced_after_notify(world)[-1] == ""
    await world.webhook(slow(ends=world.at), slow(at=2 * MINUTE, pod="p", ends=world.at))
    await over(world)


async def test_a_source_that_was_closed_by_hand_keeps_its_targets_quiet_and_a_closed_target_stays_closed() -> (
    None
):
    world = World(rules())
    await world.webhook(slow())
    await world.until(MINUTE)
    (incident,) = world.incidents
    await IncidentActions(world.shards, lambda: None).close(incident.id, someone("ann"), "", 20 * MINUTE)
    await world.until(2 * MINUTE)
    await world.webhook(down(at=2 * MINUTE))
    await world.until(HOUR)
    assert told(world)[-1] is NotifiedState.CLOSED
    await world.webhook(down(at=2 * MINUTE, ends=HOUR))
    await world.until(HOUR + 5 * SECOND)
    assert told(world)[-1] is NotifiedState.FIRING
    await world.webhook(slow(ends=world.at))
    await over(world)
    assert told(world)[-1] is NotifiedState.ENDED


async def test_two_that_keep_each_other_quiet_are_told_when_either_ends() -> None:
    both = (
        InhibitRule("ab", BUILT_IN, match('alertname="A"'), match('alertname="B"')),
        InhibitRule("ba", BUILT_IN, match('alertname="B"'), match('alertname="A"')),
    )
    world = World(rules(*both))
    await world.webhook(seen("A"), seen("B"))
    await world.until(HOUR)
    assert not world.slack.sent
    await world.webhook(seen("A", ends=HOUR))
    await world.until(HOUR + SECOND)
    assert (told(world, "A"), told(world, "B")) == ([], [NotifiedState.FIRING])
    await world.webhook(seen("B", ends=world.at))
    await over(world)


async def test_when_everything_ended_nobody_stands_or_watches_anywhere() -> None:
    world = World(rules(NODE_DOWN, replace(NODE_DOWN, name="any", equal=())))
    await world.webhook(*[down(pod=str(one)) for one in range(5)], *[slow(pod=str(one)) for one in range(5)])
    await world.until(MINUTE)
    assert not nothing_stands(world)
    ends = world.at
    await world.webhook(
        *[slow(pod=str(one), ends=ends) for one in range(5)],
        *[down(pod=str(one), ends=ends) for one in range(5)],
    )
    await over(world)


@pytest.mark.parametrize(
    "versioned", [pytest.param(1, id="while it is planned"), pytest.param(2, id="just before it is sent")]
)
async def test_a_source_that_comes_between_a_look_and_what_is_decided_on_it_still_counts(
    versioned: int,
) -> None:
    world = World(rules(routes=[replace(EVERYTHING, group_wait=0, page=())]))
    world.leave_plans_to_agenda()
    gather, looks = world.store.gather, 0

    async def disturbed(ask: Query) -> Result:
        nonlocal looks
        found = await gather(ask)
        looks += bool(ask.topics)
        if ask.topics and looks == versioned:
            await world.intake.accept([down()], ())
        return found

    world.store.gather = disturbed  # type: ignore[method-assign]
    await world.webhook(slow())
    await world.until(HOUR)
    assert (told(world, "NodeDown"), told(world)) == ([NotifiedState.FIRING], [])
    assert world.store.counted["standing:suppressed"] == 1

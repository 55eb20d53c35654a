"""Alerts that join a large incident are planned without a look at its other members, as long as nothing else is new."""

from __future__ import annotations

from msgspec.structs import replace

from gateway.actions.controls import PreviewedSilence
from gateway.decisions.notification.joined import WHOLE_EVERY_MS
from gateway.decisions.suppression.silence_request import SilenceRequest
from gateway.model.agenda import Subject, SubjectKind
from gateway.model.changes import Cell, Changes, Committed, Query, Table
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.incident import Joining
from gateway.model.records import dump
from gateway.model.rules.kinds import CorrelateRule
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from gateway.reconcile.plan import LARGE
from tests.support.build import START, match, rulebook, seen, slack, webhook
from tests.support.crowds import CROWD, crowded, join
from tests.support.world import World

RULES = rulebook(Route("everything", BUILT_IN, notify=("chat",), update_interval=HOUR))


async def joins(world: World, name: str, severity: str = "warning") -> None:
    await join(world, name, severity)
    await world.until(world.at + 6 * SECOND)


def looked_at_all(world: World) -> int:
    """When a plan looked at every member, in ms."""
    counted = world.incidents[0].counted
    assert counted is not None
    return counted.at - START


def due_deliveries(world: World) -> list[int]:
    """The times at which deliveries are put on the agenda from now on, in ms."""
    due: list[int] = []
    commit = world.store.commit

    async def noted(changes: Changes) -> Committed:
        due.extend(at for subject, (at, _) in changes.agenda.items() if subject.kind == SubjectKind.DELIVER)
        return await commit(changes)

    world.store.commit = noted  # type: ignore[method-assign]
    return due


def statuses(world: World) -> tuple[int, int, int]:
    """How many members chat has, how many of them it was told of, and how many wait for an update."""
    counts = world.ledgers_of(world.incidents[0].id)["chat"].status_counts
    return counts.members, counts.told, counts.held


async def test_what_joins_is_counted_without_a_look_at_the_others() -> None:
    world = await crowded(RULES)
    before = looked_at_all(world)
    for number in range(3):
        await joins(world, f"new{number}")
    assert looked_at_all(world) == before
    assert statuses(world) == (CROWD + 3, CROWD, 3)
    assert world.incidents[0].planned_revision == world.incidents[0].revision


async def test_the_update_shows_all_that_joined() -> None:
    world = await crowded(RULES)
    for number in range(3):
        await joins(world, f"new{number}")
    await world.until(HOUR + MINUTE)
    assert [one.notification.firing for one in world.slack.sent if one.notification] == [CROWD, CROWD + 3]
    assert statuses(world) == (CROWD + 3, CROWD + 3, 0)


async def test_the_timeline_says_how_many_are_what() -> None:
    world = await crowded(RULES)
    await joins(world, "new")
    entry = [entry for _, entry in world.store.log if entry.what == "verdicts"][-1]
    assert entry.detail["told"] == CROWD
    assert entry.detail["held"] == 1
    assert entry.detail["why"] == f"{CROWD} × delivered; 1 × update_interval: everything (built-in)"


async def test_every_member_is_looked_at_after_ten_minutes() -> None:
    world = await crowded(RULES)
    first = looked_at_all(world)
    await world.until(first + WHOLE_EVERY_MS - MINUTE)
    await joins(world, "new")
    assert looked_at_all(world) == first
    await world.until(first + WHOLE_EVERY_MS)
    await joins(world, "newer")
    assert looked_at_all(world) >= first + WHOLE_EVERY_MS


async def test_every_member_is_looked_at_after_ten_minutes_also_where_no_more_join() -> None:
    world = await crowded(RULES)
    await joins(world, "new")
    due = world.store.agenda_at[Subject.plan(world.incidents[0].id)]
    assert due - START == looked_at_all(world) + WHOLE_EVERY_MS


async def test_an_incident_that_only_grows_by_joins_is_known_to_be_large() -> None:
    world = World(RULES)
    await world.webhook(*(seen(severity="warning", pod=f"p{number}") for number in range(LARGE)))
    await world.until(MINUTE)
    large = world.reconciler.context.large
    assert not large
    await joins(world, "new")
    assert large == {world.incidents[0].id}


async def test_a_look_at_a_target_that_nobody_joined_is_never_due_in_the_past() -> None:
    rules = rulebook(
        Route("theirs", BUILT_IN, match=match('team="b"'), notify=("hook",), update_interval=MINUTE),
        Route("everything", BUILT_IN, notify=("chat",), update_interval=3 * HOUR),
        destinations=(slack(), webhook()),
        correlate=(CorrelateRule("all", BUILT_IN, by=("alertname",)),),
    )
    world = World(rules)
    await world.webhook(
        seen(severity="warning", team="b", pod="theirs"),
        *(seen(severity="warning", pod=f"p{number}") for number in range(CROWD)),
    )
    await world.until(5 * MINUTE)
    first, asked, due = looked_at_all(world), world.at, due_deliveries(world)
    await joins(world, "new")
    assert looked_at_all(world) == first
    assert due
    assert min(due) >= START + asked


async def test_every_member_is_looked_at_after_an_end() -> None:
    world = await crowded(RULES)
    await joins(world, "new")
    begun = world.at
    await world.webhook(seen(severity="warning", pod="p7", ends=world.at))
    assert looked_at_all(world) == begun
    await joins(world, "newer")
    assert looked_at_all(world) == begun


async def test_a_silenced_alert_that_joins_has_every_member_looked_at() -> None:
    world = await crowded(RULES)
    wanted = SilenceRequest(('pod="quiet"',), "ann", ends_at=START + HOUR, reason="known")
    previewed = await world.desk.preview(wanted)
    assert isinstance(previewed, PreviewedSilence)
    await world.desk.silence(previewed.silence)
    await world.settle()
    begun = world.at
    await joins(world, "quiet")
    assert looked_at_all(world) >= begun
    assert statuses(world) == (CROWD + 1, CROWD, 0)


async def test_an_alert_that_is_worse_has_every_member_looked_at_and_is_told() -> None:
    world = await crowded(RULES)
    begun = world.at
    await joins(world, "worse", severity="critical")
    assert looked_at_all(world) >= begun
    assert statuses(world) == (CROWD + 1, CROWD + 1, 0)


async def test_a_join_that_the_version_before_took_has_every_member_looked_at() -> None:
    world = await crowded(RULES)
    await world.webhook(seen(at=world.at, severity="warning", pod="new"))
    incident = world.incidents[0]
    assert incident.joining is not None
    cell = Cell(Table.INCIDENTS, incident.id)
    version = (await world.store.gather(Query(cells=[cell]))).rows[cell].version
    uncounted = replace(
        incident, joining=Joining(incident.joining.since, incident.joining.until), counted=None
    )
    await world.store.commit(Changes(expect={cell: version}, put={cell: dump(uncounted)}))
    begun = world.at
    await world.until(world.at + 6 * SECOND)
    assert looked_at_all(world) > begun
    assert statuses(world) == (CROWD + 1, CROWD, 1)


async def test_a_text_that_changes_while_the_plan_is_late_is_shown_where_nobody_joined() -> None:
    """What the incident is due for is one time, and this one is later than that of the join."""
    own = match('team="b"')
    rules = rulebook(
        Route("theirs", BUILT_IN, match=own, notify=("hook",), update_interval=HOUR),
        Route("everything", BUILT_IN, notify=("chat",), update_interval=HOUR),
        destinations=(slack(), webhook()),
        correlate=(CorrelateRule("all", BUILT_IN, by=("alertname",)),),
    )
    world = World(rules)
    await world.webhook(
        seen(severity="warning", team="b", pod="theirs"),
        *(seen(severity="warning", pod=f"p{number}") for number in range(CROWD)),
    )
    await world.until(MINUTE)
    first = looked_at_all(world)
    await world.webhook(seen(at=world.at, severity="warning", pod="new"))
    # Nothing is worked on meanwhile.
    world.at += 6 * SECOND
    says = {"summary": "it gets worse"}
    await world.spread.accept([seen(severity="warning", team="b", pod="theirs", annotations=says)], ())
    await world.until(world.at + SECOND)
    assert looked_at_all(world) == first
    await world.until(HOUR + MINUTE)
    (_, update) = [one.notification for one in world.hook.sent if one.notification is not None]
    assert "it gets worse" in update.said

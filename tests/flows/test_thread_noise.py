"""How much whoever follows a thread has to read of an incident that grows, and of one that flaps."""

from __future__ import annotations

from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.ledger import MessageRef
from tests.flows.test_mail_destination import TOGETHER
from tests.flows.test_telling import route
from tests.support.build import rulebook, seen
from tests.support.world import Sent, World


def replies(world: World) -> list[Sent]:
    """The replies that were posted, edits left out."""
    return [one for one in world.slack.sent if one.notes and one.edits is None]


def edits(world: World) -> list[tuple[MessageRef | None, str]]:
    return [(one.edits, one.notes[0].text) for one in world.slack.sent if one.notes and one.edits is not None]


async def test_a_rolling_outage_of_sixty_pods_is_a_handful_of_replies() -> None:
    world = World(rulebook(route(update_interval=2 * SECOND)))
    for number in range(60):
        await world.until(number * 3 * SECOND)
        await world.webhook(seen("PodDown", pod=f"web-{number}", at=number * 3_000))
    await world.until(10 * MINUTE)
    assert len(replies(world)) <= 6
    assert len(edits(world)) > 40
    assert "60 fire now" in edits(world)[-1][1]


async def test_what_joins_in_turn_while_others_end_is_named_on_one_line_that_forgets_none() -> None:
    world = World(rulebook(route(update_interval=2 * SECOND, resolve_after=5 * MINUTE)))
    await world.webhook(
        seen("PodDown", pod="old-0"), seen("PodDown", pod="old-1"), seen("PodDown", pod="old-2")
    )
    await world.until(MINUTE)
    for number in range(3):
        at = (number + 1) * MINUTE
        await world.webhook(
            seen("PodDown", pod=f"old-{number}", ends=at), seen("PodDown", pod=f"new-{number}", at=at)
        )
        await world.until(at + 30 * SECOND)
    (reply,) = replies(world)
    assert reply.notes[0].text.endswith(": +1, 3 fire now; new: PodDown new-0")
    assert edits(world)[-1][1].endswith(": +3, 3 fire now; new: PodDown new-2, PodDown new-1, PodDown new-0")


async def test_a_line_far_up_is_not_edited_again_once_fewer_fire() -> None:
    world = World(rulebook(route(update_interval=2 * SECOND, resolve_after=5 * MINUTE)))
    await world.webhook(seen("PodDown", pod="p-0"))
    for number in range(1, 9):
        await world.until(number * MINUTE)
        await world.webhook(seen("PodDown", pod=f"p-{number}", at=number * MINUTE))
    await world.until(10 * MINUTE)
    newest = replies(world)[-1].notes[0]
    await world.webhook(
        *(seen("PodDown", pod=f"p-{number}", at=number * MINUTE, ends=10 * MINUTE) for number in range(7))
    )
    await world.until(11 * MINUTE)
    await world.webhook(seen("PodDown", pod="p-9", at=11 * MINUTE))
    await world.until(12 * MINUTE)
    (again,) = [note for one in world.slack.sent for note in one.notes if one.at >= 11 * MINUTE]
    assert again.line == newest.line
    assert again.text.endswith(": +2, 3 fire now; new: PodDown p-9, PodDown p-8")


async def test_another_kind_of_alert_is_a_reply_even_where_the_incident_grows_all_the_time() -> None:
    world = World(rulebook(route(update_interval=2 * SECOND), correlate=TOGETHER))
    for number in range(9):
        await world.until(number * 3 * SECOND)
        await world.webhook(seen("PodDown", pod=f"web-{number}", at=number * 3_000))
    await world.until(MINUTE)
    before = len(replies(world))
    await world.webhook(seen("ServiceDown", at=MINUTE))
    await world.until(2 * MINUTE)
    (new,) = replies(world)[before:]
    assert new.notes[0].text.endswith(": +1, 10 fire now; new: ServiceDown")


async def test_what_flaps_is_one_line_that_is_edited_and_its_end_is_told_once() -> None:
    world = World(rulebook(route(resolve_after=5 * MINUTE)))
    for number in range(7):
        at = number * 2 * MINUTE
        await world.until(at)
        await world.webhook(seen(at=at))
        await world.until(at + MINUTE)
        await world.webhook(seen(at=at, ends=at + MINUTE))
    await world.until(HOUR)
    flaps, end = replies(world)
    assert flaps.notes[0].text.startswith("↻ HighErrorRate: fired again, 2nd time in 2m")
    assert end.notes[0].text == "✅ Resolved: HighErrorRate, after 13m (7 times in 13m, firing 7m of them)"
    assert [text for _, text in edits(world)][-1].startswith("↻ HighErrorRate: fired again, 7th time in 12m")
    assert len({reply for reply, _ in edits(world)}) == 1
    assert not [note for one in replies(world) for note in one.notes if note.broadcast or note.mention]


async def test_a_re_fire_after_a_told_end_is_shown_in_the_channel_and_says_how_often() -> None:
    world = World()
    for at in (0, 40_000, 80_000):
        await world.until(at)
        await world.webhook(seen(at=at))
        await world.until(at + 20_000)
        await world.webhook(seen(at=at, ends=at + 20_000))
    await world.until(HOUR)
    shown = [note for one in replies(world) for note in one.notes if note.broadcast]
    assert [note.text for note in shown] == [
        "🔴 HighErrorRate fires again (2nd time in 40s, firing 20s of them)",
        "🔴 HighErrorRate fires again (3rd time in 1m, firing 40s of them)",
    ]


async def test_a_value_in_a_label_is_one_message_one_page_and_no_reply_for_each_value() -> None:
    world = World(rulebook(route(update_interval=2 * SECOND, resolve_after=MINUTE)))
    last = None
    for at, percent in enumerate(range(70, 99)):
        now = seen("DiskFilling", at=at * 30_000, node="db1", used=f"{percent}.25")
        over = [seen("DiskFilling", at=last[0], ends=at * 30_000, node="db1", used=last[1])] if last else []
        await world.until(at * 30 * SECOND)
        await world.webhook(now, *over)
        last = (at * 30_000, f"{percent}.25")
    await world.until(20 * MINUTE)
    assert len([one for one in world.slack.sent if one.posted]) == 1
    assert len({one.notification.generation for one in world.pagerduty.sent if one.notification}) == 1
    assert len(replies(world)) <= 2
    newest = [one.notification for one in world.slack.sent if one.notification][-1]
    assert [line.labels["used"] for line in newest.lines] == ["98.25"]
    assert newest.reason.startswith("29th value of used")


async def test_what_comes_back_after_its_incident_is_over_says_how_often_it_did() -> None:
    world = World(rulebook(route(resolve_after=0)))
    for at in (0, 5 * MINUTE, 10 * MINUTE, 3 * HOUR):
        await world.until(at)
        await world.webhook(seen(at=at))
        await world.until(at + MINUTE)
        await world.webhook(seen(at=at, ends=at + MINUTE))
    await world.until(4 * HOUR)
    first_told = [one.notification for one in world.pagerduty.sent if one.notification is not None]
    said = {one.incident: one.reason for one in first_told if one.firing}
    assert list(said.values()) == [
        "",
        "fired again: 2nd incident of it in 5m",
        "fired again: 3rd incident of it in 10m",
        "",
    ]


async def test_another_alert_in_a_new_incident_did_not_come_back() -> None:
    world = World(rulebook(route(resolve_after=0)))
    await world.webhook(seen(pod="a"))
    await world.until(MINUTE)
    await world.webhook(seen(pod="a", ends=MINUTE))
    await world.until(5 * MINUTE)
    await world.webhook(seen(pod="b", at=5 * MINUTE))
    await world.until(10 * MINUTE)
    newest = [one.notification for one in world.pagerduty.sent if one.notification is not None][-1]
    assert (newest.reason, bool(newest.previous)) == ("", True)

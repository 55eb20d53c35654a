"""What was kept from people until now says so when they are told: what hid it, until when, and why."""

from __future__ import annotations

from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.notification import Notification
from gateway.model.rules.kinds import Maintenance
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Mute, Route
from gateway.model.worded import Quieted
from tests.flows.test_silences import rules, silenced
from tests.support.build import START, match, seen
from tests.support.world import World


def told(world: World, target: str = "chat") -> list[Notification]:
    sent = (*world.slack.sent, *world.pagerduty.sent)
    return [one.notification for one in sent if one.notification is not None and one.target == target]


async def test_what_a_silence_hid_says_until_when_by_whom_and_why() -> None:
    world = World(rules())
    made = await silenced(world, reason="reindexing", ticket="CHG-12")
    await world.webhook(seen(service="db"))
    await world.until(2 * HOUR)
    hidden = Quieted("silenced", f"silence {made.id} by anna", "CHG-12 reindexing", START + HOUR)
    assert told(world)[0].hidden == told(world, "pager")[0].hidden == hidden
    assert (
        hidden.in_words(START) == f"silenced until 09:00 UTC — CHG-12 reindexing (silence {made.id} by anna)"
    )


async def test_a_silence_that_was_ended_early_hid_it_until_then() -> None:
    world = World(rules())
    made = await silenced(world, hours=24)
    await world.webhook(seen(service="db"))
    await world.until(5 * MINUTE)
    await world.desk.end(made.id, "bob")
    await world.until(10 * MINUTE)
    assert told(world)[0].hidden is not None
    assert told(world)[0].hidden.until == START + 5 * MINUTE


async def test_an_edit_still_says_what_hid_it() -> None:
    world = World(rules())
    await silenced(world)
    await world.until(55 * MINUTE)
    await world.webhook(seen(service="db", pod="a", at=55 * MINUTE))
    await world.until(HOUR + MINUTE)
    await world.webhook(seen(service="db", pod="b", at=HOUR + MINUTE))
    await world.until(HOUR + 10 * MINUTE)
    assert [one.hidden is not None and one.hidden.until for one in told(world)] == [START + HOUR] * 2


async def test_what_nothing_hid_says_nothing_of_it() -> None:
    world = World(rules())
    await silenced(world, 'service="web"')
    await world.webhook(seen(service="db"), seen(service="web"))
    await world.until(MINUTE)
    assert [one.hidden for one in told(world)] == [None]


async def test_a_new_life_that_no_silence_hid_says_nothing_of_one() -> None:
    world = World(rules())
    await silenced(world)
    await world.webhook(seen(service="db"))
    await world.until(30 * MINUTE)
    await world.webhook(seen(service="db", ends=30 * MINUTE))
    await world.until(2 * HOUR)
    await world.webhook(seen(service="db", at=2 * HOUR))
    await world.until(3 * HOUR)
    assert [one.hidden for one in told(world)] == [None]


async def test_announced_work_and_a_mute_say_so_too_and_a_mute_names_its_interval() -> None:
    work = Maintenance("upgrade", BUILT_IN, match('service="db"'), START, START + HOUR)
    world = World(rules(maintenance=(work,)))
    await world.webhook(seen(service="db"))
    await world.until(2 * HOUR)
    assert told(world)[0].hidden == Quieted("maintenance", "upgrade (built-in)", "", START + HOUR)

    quiet = Route(
        "everything", BUILT_IN, notify=("chat",), page=("pager",), mute=Mute(page=("morning",), critical=True)
    )
    world = World(rules(quiet))
    await world.webhook(seen(service="db"))
    await world.until(2 * HOUR)
    assert told(world)[0].hidden is None, "the channel was told at once"
    assert told(world, "pager")[0].hidden == Quieted(
        "muted", "everything (built-in)", "morning", START + HOUR
    )


async def test_a_message_under_a_silence_says_that_all_of_it_is_silenced_or_which_part() -> None:
    world = World(rules())
    await world.webhook(seen(service="db", pod="a"), seen(service="db", pod="b"))
    await world.until(MINUTE)
    await silenced(world, 'pod="a"')
    await world.until(2 * MINUTE)
    assert told(world)[-1].quieted is not None
    assert (told(world)[-1].quieted.part, told(world)[-1].all_quiet) == ("1 of 2", False)
    await silenced(world, 'pod="b"')
    await world.until(3 * MINUTE + SECOND)
    assert (told(world)[-1].quieted.part, told(world)[-1].all_quiet) == ("", True)

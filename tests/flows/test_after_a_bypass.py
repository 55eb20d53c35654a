"""A bypass shows what is kept quiet, and leaves nothing behind when it is over."""

from __future__ import annotations

from gateway.actions.incidents import IncidentActions
from gateway.model.durations import HOUR, MINUTE
from gateway.model.ledger import NotifiedState
from gateway.model.notification import Notification
from gateway.model.rules.kinds import Maintenance
from gateway.model.rules.origin import BUILT_IN
from tests.flows.test_silences import rules, silenced
from tests.flows.test_telling import states
from tests.support.build import START, match, seen, someone
from tests.support.world import World

FIRING, MOVED, ENDED = NotifiedState.FIRING, NotifiedState.MOVED, NotifiedState.ENDED
WORK = Maintenance("upgrade", BUILT_IN, match('service="web"'), START, START + HOUR)


async def bypassed(world: World, *, until: int) -> None:
    await world.desk.switch("bypass", "anna", START + until, "drill")
    await world.settle()


def newest(world: World, target: str) -> Notification:
    sent = (*world.slack.sent, *world.pagerduty.sent)
    return [one.notification for one in sent if one.notification is not None and one.target == target][-1]


async def test_what_only_the_bypass_showed_is_taken_back_and_says_why() -> None:
    world = World(rules(maintenance=(WORK,)))
    await world.webhook(seen(service="web"))
    await world.until(MINUTE)
    await bypassed(world, until=10 * MINUTE)
    await world.until(9 * MINUTE)
    assert states(world, "pager") == states(world, "chat") == [FIRING]
    await world.until(11 * MINUTE)
    assert states(world, "pager") == states(world, "chat") == [FIRING, MOVED]
    assert newest(world, "pager").moved_to == "the bypass is over: maintenance, upgrade (built-in)"


async def test_what_was_taken_back_is_told_anew_when_the_reason_for_its_quiet_is_over() -> None:
    world = World(rules(maintenance=(WORK,)))
    await world.webhook(seen(service="web"))
    await bypassed(world, until=10 * MINUTE)
    await world.until(2 * HOUR)
    assert states(world, "pager") == [FIRING, MOVED, FIRING]
    assert newest(world, "pager").generation == 2
    assert newest(world, "pager").hidden is not None
    await world.webhook(seen(service="web", ends=2 * HOUR))
    await world.until(3 * HOUR)
    assert states(world, "pager")[-1] is ENDED


async def test_what_was_told_before_the_bypass_stays() -> None:
    world = World(rules())
    await world.webhook(seen(service="db"))
    await world.until(MINUTE)
    await silenced(world, hours=5)
    await bypassed(world, until=10 * MINUTE)
    await world.until(HOUR)
    assert MOVED not in states(world, "pager")
    assert newest(world, "pager").covered_by


async def test_what_nothing_kept_quiet_while_the_bypass_stood_stays() -> None:
    world = World(rules())
    await bypassed(world, until=10 * MINUTE)
    await world.webhook(seen(service="db"))
    await world.until(9 * MINUTE)
    await silenced(world, hours=5)
    await world.until(HOUR)
    assert MOVED not in states(world, "pager")


def said(world: World) -> list[str]:
    return [note.text for one in world.slack.sent for note in one.notes]


async def test_the_thread_says_that_a_bypass_lifts_the_silence_which_goes_on() -> None:
    world = World(rules())
    await world.webhook(seen(service="db"))
    await world.until(MINUTE)
    made = await silenced(world, hours=5, reason="reindexing")
    await world.until(2 * MINUTE)
    await bypassed(world, until=10 * MINUTE)
    assert said(world)[-1].endswith(
        "fires on: anna ordered a bypass, which suppresses nothing"
        f" (silenced: {made.why}, silence {made.id} by anna)"
    )
    await world.until(11 * MINUTE)
    assert "silenced until" in said(world)[-1]
    assert not any("silence is over" in text for text in said(world))


async def test_the_thread_says_that_a_bypass_lifts_the_close_by_hand_which_holds_again_after_it() -> None:
    world = World(rules())
    await world.webhook(seen(service="db"))
    await world.until(MINUTE)
    await IncidentActions(world.shards, lambda: None).close(world.incidents[0].id, someone("ben"), "", HOUR)
    await world.settle()
    await world.until(2 * MINUTE)
    await bypassed(world, until=10 * MINUTE)
    assert any(
        text.endswith("fires on: anna ordered a bypass, which lifts the close by hand")
        for text in said(world)
    )
    await world.until(11 * MINUTE)
    assert said(world)[-1].endswith("closed by ben while it still fires")


async def test_what_ends_within_the_bypass_is_told_its_end() -> None:
    world = World(rules(maintenance=(WORK,)))
    await bypassed(world, until=30 * MINUTE)
    await world.webhook(seen(service="web"))
    await world.until(5 * MINUTE)
    await world.webhook(seen(service="web", ends=5 * MINUTE))
    await world.until(HOUR)
    assert states(world, "pager") == [FIRING, ENDED]


async def test_an_alert_that_needs_nobody_is_shown_by_no_bypass() -> None:
    world = World(rules())
    await bypassed(world, until=HOUR)
    await world.webhook(seen("InfoInhibitor", severity="none"))
    await world.until(30 * MINUTE)
    assert not world.slack.sent
    assert not world.pagerduty.sent

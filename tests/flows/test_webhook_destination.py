"""Receivers of webhooks take part as the others do: states, notes, ends; a repeat is known by its attempt."""

from __future__ import annotations

from gateway.decisions.accounting.invariants import failing_destinations
from gateway.model.durations import MINUTE, SECOND
from gateway.model.ledger import MessageRef, NotifiedState
from gateway.model.notification import Delivered, Refused, Unanswered
from gateway.model.rules.kinds import CorrelateRule
from gateway.model.rules.origin import BUILT_IN, SecretName
from gateway.model.rules.route import Condition, PageWhen, Route
from gateway.model.severity import Severity
from tests.flows.test_telling import states
from tests.support.build import rulebook, seen, slack, webhook
from tests.support.world import World

TOGETHER = (CorrelateRule("all", BUILT_IN, by=("cluster",)),)
HOOK = rulebook(
    Route("everything", BUILT_IN, notify=("hook",)), destinations=(webhook(),), correlate=TOGETHER
)


def notes(world: World) -> list[str]:
    return [note.text for one in world.hook.sent for note in one.notes]


def told(world: World) -> list[NotifiedState]:
    return [one.state for one in world.hook.sent if one.notification is not None]


async def test_it_is_told_the_firing_its_changes_as_notes_and_the_end() -> None:
    world = World(HOOK)
    await world.webhook(seen(severity="warning"))
    await world.until(MINUTE)
    await world.webhook(seen("Slow", at=MINUTE))
    await world.until(2 * MINUTE)
    await world.webhook(seen(ends=2 * MINUTE, severity="warning"), seen("Slow", at=MINUTE, ends=2 * MINUTE))
    await world.until(10 * MINUTE)
    assert told(world) == [NotifiedState.FIRING, NotifiedState.FIRING, NotifiedState.ENDED]
    assert [text.split(" ", 1)[0] for text in notes(world)] == ["🔴", "➕", "✅"]
    assert notes(world)[0].endswith("rose from warning to critical")
    assert notes(world)[1].endswith("+1, 2 fire now; new: Slow")


async def test_notes_say_when_they_came_to_be() -> None:
    world = World(HOOK)
    await world.webhook(seen())
    await world.until(MINUTE)
    await world.webhook(seen(ends=MINUTE))
    await world.until(10 * MINUTE)
    (resolved,) = [note for one in world.hook.sent for note in one.notes]
    ended = next(
        one for one in world.hook.sent if one.notification is not None and one.state is NotifiedState.ENDED
    )
    assert ended.notification is not None
    assert resolved.at == ended.notification.at


async def test_where_it_stands_in_page_it_interrupts_once_page_when_holds() -> None:
    route = Route(
        "r", BUILT_IN, page=("hook",), page_when=PageWhen(conditions=(Condition(severity=Severity.CRITICAL),))
    )
    world = World(rulebook(route, destinations=(webhook(),), correlate=TOGETHER))
    await world.webhook(seen(severity="warning"))
    await world.until(MINUTE)
    assert not world.hook.sent
    await world.webhook(seen("Down", at=MINUTE))
    await world.until(2 * MINUTE)
    assert [one.notification.page for one in world.hook.sent if one.notification is not None] == [True]


async def test_a_state_that_was_not_answered_is_sent_again_under_the_same_attempt() -> None:
    world = World(HOOK)
    world.hook.answers = [Unanswered("timeout"), Unanswered("server_error"), Unanswered("cut")]
    await world.webhook(seen())
    await world.until(MINUTE)
    assert len(world.hook.attempts) == 4
    assert len(set(world.hook.attempts)) == 1


async def test_news_after_an_unanswered_send_is_an_attempt_of_its_own() -> None:
    world = World(HOOK)
    world.hook.answers = [Unanswered("timeout", retry_after=5 * MINUTE)]
    await world.webhook(seen())
    await world.until(MINUTE)
    await world.webhook(seen(ends=MINUTE))
    await world.until(20 * MINUTE)
    assert told(world)[-1] is NotifiedState.ENDED
    assert len(set(world.hook.attempts)) >= 2


async def test_notes_that_were_not_answered_are_sent_again_under_the_same_attempt() -> None:
    world = World(HOOK)
    await world.webhook(seen(severity="warning"))
    await world.until(MINUTE)
    world.hook.answers = [Delivered(MessageRef("m1")), Unanswered("timeout")]  # to the state and to its notes
    await world.webhook(seen("Down", at=MINUTE))
    await world.until(2 * MINUTE)
    first, state, *again = world.hook.attempts
    assert (len({first, state, *again}), again) == (3, [again[0]] * 2)


async def test_no_note_is_lost_with_a_send_that_nobody_answered() -> None:
    world = World(HOOK)
    await world.webhook(seen(severity="warning"))
    await world.until(MINUTE)
    world.hook.answers = [Unanswered("timeout"), Unanswered("timeout")]
    await world.webhook(seen("Down", at=MINUTE))
    await world.until(3 * MINUTE)
    assert [text.split(" ", 1)[0] for text in notes(world)] == ["🔴", "➕"]


async def test_a_wait_that_the_receiver_asks_for_is_kept() -> None:
    world = World(HOOK)
    world.hook.answers = [Unanswered("server_error", retry_after=45 * SECOND)]
    world.hook.acts_though_unanswered = False
    await world.webhook(seen())
    await world.until(5 * MINUTE)
    assert [one.at for one in world.hook.sent if one.notification is not None] == [55 * SECOND]


async def test_an_end_after_a_firing_that_was_not_answered_is_said_once_more() -> None:
    """The firing may still be carried out after the end was."""
    world = World(HOOK)
    world.hook.answers = [Unanswered("timeout", retry_after=MINUTE)]
    await world.webhook(seen())
    await world.until(30 * SECOND)
    await world.webhook(seen(ends=30 * SECOND))
    await world.until(10 * MINUTE)
    assert told(world) == [NotifiedState.FIRING, NotifiedState.ENDED, NotifiedState.ENDED]


async def test_a_refusal_for_good_is_a_dead_letter_until_there_are_news() -> None:
    world = World(HOOK)
    world.hook.answers = [Refused("invalid", "HTTP 400", permanent=True)]
    await world.webhook(seen())
    await world.until(5 * MINUTE)
    assert (world.ledgers["hook"].dead, failing_destinations(world.store.counted)) == ("invalid", ["hook"])
    await world.webhook(seen("Down", at=5 * MINUTE))
    await world.until(6 * MINUTE)
    assert told(world) == [NotifiedState.FIRING]
    assert not failing_destinations(world.store.counted)


async def test_its_fallback_takes_over_while_it_is_away() -> None:
    world = World(
        rulebook(Route("r", BUILT_IN, notify=("hook",)), destinations=(webhook(fallback=("chat",)), slack()))
    )
    world.hook.down = True
    await world.webhook(seen())
    await world.until(5 * MINUTE)
    assert states(world, "chat") == [NotifiedState.FIRING]


async def test_another_address_is_another_place_that_is_told_what_still_fires() -> None:
    """The receiver at the old one cannot be told any more: as with a routing key, that is said, and counted."""
    world = World(HOOK)
    await world.webhook(seen())
    await world.until(MINUTE)
    world.secrets.values["HOOK_URL"] = "https://elsewhere.example/"
    await world.webhook(seen("Down", at=MINUTE))
    await world.until(5 * MINUTE)
    assert [one.notification.generation for one in world.hook.sent if one.notification is not None] == [1, 2]
    assert world.store.counted["ends_forgotten"] == 1


async def test_another_token_changes_nothing_about_what_is_owed() -> None:
    world = World(
        rulebook(Route("r", BUILT_IN, notify=("hook",)), destinations=(webhook(token=SecretName("T")),))
    )
    world.secrets.values["T"] = "one"
    await world.webhook(seen())
    await world.until(MINUTE)
    world.secrets.values["T"] = "two"
    await world.webhook(seen(ends=MINUTE))
    await world.until(5 * MINUTE)
    assert told(world) == [NotifiedState.FIRING, NotifiedState.ENDED]


async def test_without_one_of_its_secrets_it_goes_to_the_log() -> None:
    world = World(
        rulebook(Route("r", BUILT_IN, notify=("hook",)), destinations=(webhook(secret=SecretName("KEY")),))
    )
    await world.webhook(seen())
    await world.until(MINUTE)
    assert not world.hook.sent
    endpoint = world.ledgers["hook"].endpoint
    assert endpoint is not None
    assert (endpoint.kind, endpoint.secret) == ("log", "KEY")


async def test_a_removed_one_is_told_the_end_through_what_it_was_told_through() -> None:
    world = World(
        rulebook(
            Route("r", BUILT_IN, notify=("hook", "chat")),
            destinations=(webhook(token=SecretName("T")), slack()),
        )
    )
    world.secrets.values["T"] = "one"
    await world.webhook(seen())
    await world.until(MINUTE)
    await world.reload(rulebook(Route("r", BUILT_IN, notify=("chat",)), destinations=(slack(),)))
    await world.until(2 * MINUTE)
    assert told(world) == [NotifiedState.FIRING, NotifiedState.MOVED]
    endpoint = world.ledgers["hook"].endpoint
    assert endpoint is not None
    assert (endpoint.secret, endpoint.token) == ("HOOK_URL", "T")

"""A destination that refuses everything is asked with one notification at a time, and told the rest when it
takes messages again.
"""

from __future__ import annotations

import asyncio
from itertools import pairwise

import msgspec
import pytest
from structlog.testing import capture_logs

from gateway.actions.dead_letters import DeadLetterActions
from gateway.decisions.accounting import invariants
from gateway.model.cells import REFUSALS
from gateway.model.changes import Changes
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.lanes import Pace
from gateway.model.ledger import MessageRef, Note, NotifiedState, ledger_cell
from gateway.model.notification import Refused, Unanswered
from gateway.model.records import dump, load_refusals
from gateway.model.refusals import Refusals
from gateway.model.rules.origin import BUILT_IN, SecretName
from gateway.model.rules.route import Route
from tests.support.build import START, pager, rulebook, seen, slack
from tests.support.world import Secrets, World

OUT = Refused("not_found", "not_in_channel", permanent=True)
REVOKED = Refused("auth", "token_revoked", permanent=True)
PROXY = Refused("proxy", "HTTP 407", permanent=True)
CONTENT = Refused("invalid", "invalid_blocks", permanent=True)
CHAT = rulebook(Route("everything", BUILT_IN, notify=("chat",)), destinations=(slack(),))


def refusals(world: World) -> Refusals:
    return load_refusals(world.store._row(REFUSALS).value)


def told(world: World) -> list[str]:
    return [sent.notification.where["service"] for sent in world.slack.sent if sent.notification is not None]


async def refused(*services: str, answer: Refused = OUT, rules: object = CHAT) -> World:
    """Incidents of these services, all refused by the channel, with 10 s between them."""
    world = World(rules)  # type: ignore[arg-type]
    world.slack.refuses = answer
    for number, service in enumerate(services):
        await world.webhook(seen(service=service, at=number * 10_000))
        await world.until((number + 1) * 10 * SECOND)
    assert all(ledger.dead == answer.reason for ledger in world.ledgers_everywhere)
    return world


async def test_a_channel_that_refuses_is_asked_with_one_notification_after_15_s_and_1_3_8_and_each_10_minutes() -> (
    None
):
    world = await refused("shop")
    await world.until(40 * MINUTE)
    first = world.slack.tried[0][0]
    assert [(at - first) // SECOND for at, _ in world.slack.tried] == [
        0, 15, 60, 180, 480, 1080, 1680, 2280,
    ]  # fmt: skip


@pytest.mark.parametrize("answer", [REVOKED, PROXY])
async def test_a_login_that_is_refused_is_asked_no_sooner_than_after_a_minute(answer: Refused) -> None:
    world = await refused("shop", answer=answer)
    await world.until(20 * MINUTE)
    first = world.slack.tried[0][0]
    assert [(at - first) // SECOND for at, _ in world.slack.tried] == [0, 60, 180, 480, 1080]


async def test_a_storm_at_a_channel_that_refuses_is_a_handful_of_calls() -> None:
    world = await refused("shop")
    for number in range(60):
        await world.webhook(seen(service=f"s{number}", at=10_000))
    await world.until(20 * SECOND)
    assert len(world.slack.tried) == 1
    assert sum(ledger.dead == "not_found" for ledger in world.ledgers_everywhere) == 61
    await world.until(2 * MINUTE)
    assert len(world.slack.tried) <= 4


async def test_everything_that_still_fires_is_told_when_the_bot_is_back_the_most_urgent_first() -> None:
    world = World(CHAT, paces={"slack": Pace(1_000, 1)})
    world.slack.refuses = OUT
    await world.webhook(seen(service="first", severity="warning"))
    await world.until(11 * SECOND)
    await world.webhook(
        seen(service="second", at=11_000, severity="warning"),
        seen(service="worst", at=11_000, severity="critical"),
        seen(service="third", at=11_000, severity="error"),
    )
    await world.until(24 * SECOND)
    world.slack.refuses = None
    await world.until(MINUTE)
    assert told(world) == ["worst", "third", "first", "second"]
    times = [sent.at for sent in world.slack.sent]
    assert all(after - before >= SECOND for before, after in pairwise(times))
    assert refusals(world).causes == {}
    assert invariants.failing_destinations(world.store.counted) == []


@pytest.mark.parametrize("answer", [OUT, CONTENT], ids=["it refused everything", "it refused what they said"])
async def test_what_nobody_was_told_of_goes_before_dead_letters_that_are_as_severe(answer: Refused) -> None:
    at_once = rulebook(Route("everything", BUILT_IN, notify=("chat",), group_wait=0), destinations=(slack(),))
    world = World(at_once, paces={"slack": Pace(1_000, 1)})
    world.slack.refuses = answer
    await world.webhook(*(seen(service=f"s{number}") for number in range(40)))
    await world.until(5 * MINUTE)
    world.slack.refuses = None
    assert await DeadLetterActions(world.shards, lambda: None).retry_all() == 40
    late = 5 * MINUTE + 10 * SECOND
    await world.until(late)
    begun = len(told(world))
    assert 5 <= begun <= 15
    await world.webhook(seen(service="fresh", at=late), seen(service="less", severity="warning", at=late))
    await world.until(7 * MINUTE)
    assert told(world).index("fresh") == begun
    assert told(world)[-1] == "less", "severity first, then age"
    assert len(told(world)) == 42


async def test_the_probe_and_the_rest_say_what_is_true_when_they_are_sent() -> None:
    world = await refused("shop", "cart")
    await world.webhook(seen(service="shop", at=1_000, pod="another"))
    await world.webhook(seen(service="cart", at=10_000, ends=22_000))
    world.slack.refuses = None
    await world.until(5 * MINUTE)
    assert told(world) == ["shop"]
    (sent,) = [sent for sent in world.slack.sent if sent.notification]
    assert sent.notification is not None
    assert sent.notification.firing == 2


async def test_whoever_was_told_of_the_firing_is_told_of_its_end_when_the_channel_is_back() -> None:
    world = World(CHAT)
    await world.webhook(seen(service="shop"))
    await world.until(20 * SECOND)
    world.slack.refuses = OUT
    await world.webhook(seen(service="shop", ends=20_000))
    await world.until(3 * MINUTE)
    assert world.ledgers["chat"].dead
    world.slack.refuses = None
    await world.until(10 * MINUTE)
    assert world.ledgers["chat"].last_notified.state is NotifiedState.ENDED


async def test_nothing_is_asked_about_what_ended_untold() -> None:
    world = await refused("shop")
    await world.webhook(seen(service="shop", ends=11_000))
    await world.until(HOUR)
    assert len(world.slack.tried) == 1
    assert refusals(world).causes == {}
    assert invariants.failing_destinations(world.store.counted) == []


async def test_a_new_token_is_tried_within_seconds() -> None:
    world = await refused("shop", "cart", answer=REVOKED)
    await world.until(30 * MINUTE)
    tried = len(world.slack.tried)
    world.slack.refuses = None
    await world.until(30 * MINUTE + 20 * SECOND)
    assert len(world.slack.tried) == tried
    world.secrets.values["SLACK_BOT_TOKEN"] = "xoxb-2"
    await world.until(30 * MINUTE + 30 * SECOND)
    assert told(world) == ["shop", "cart"]


async def test_other_rules_are_tried_within_seconds() -> None:
    world = await refused("shop")
    await world.until(30 * MINUTE)
    world.slack.refuses = None
    world.reconciler.use(world.reconciler.context.policy, generation=7)
    await world.until(30 * MINUTE + 10 * SECOND)
    assert told(world) == ["shop"]


async def test_a_new_incident_that_is_taken_brings_the_rest_along() -> None:
    world = await refused("shop")
    await world.until(30 * MINUTE)
    world.slack.refuses = None
    await world.webhook(seen(service="cart", at=1_800_000))
    await world.until(30 * MINUTE + 20 * SECOND)
    assert told(world) == ["cart", "shop"]


async def test_a_new_incident_that_asks_in_vain_is_answered_and_the_next_question_may_be_asked_at_once() -> (
    None
):
    world = await refused("shop")
    await world.until(30 * MINUTE)
    tried = len(world.slack.tried)
    await world.webhook(seen(service="cart", at=1_800_000))
    await world.until(30 * MINUTE + 15 * SECOND)
    assert len(world.slack.tried) == tried + 1
    assert [refusal.probe for refusal in refusals(world).causes.values()] == [""]
    world.slack.refuses = None
    assert await DeadLetterActions(world.shards, lambda: None).retry_all("chat") == 2
    await world.until(world.at + SECOND)
    assert told(world) == ["shop", "cart"]


async def test_a_post_that_is_held_back_for_another_reason_leaves_the_question_to_the_next_dead_letter() -> (
    None
):
    world = World(CHAT)
    await world.webhook(seen(service="shop"))
    await world.until(20 * SECOND)
    world.slack.refuses = OUT
    await world.webhook(seen(service="shop", name="Worse", at=20_000), seen(service="cart", at=20_000))
    await world.until(7 * MINUTE)
    shop = next(kept for kept in world.ledgers_everywhere if kept.incident == world.incidents[0].id)
    posts = tuple(START + world.at - number * SECOND for number in range(20, 0, -1))
    often = msgspec.structs.replace(shop, posts=posts, message_ref=None)
    await world.store.commit(Changes(put={ledger_cell(often.incident, "chat"): dump(often)}))
    world.slack.refuses = None
    assert await DeadLetterActions(world.shards, lambda: None).retry(often.incident, "chat") == ""
    await world.until(world.at + 10 * SECOND)
    assert told(world) == ["shop", "cart"]


async def test_a_question_that_is_not_sent_any_more_leaves_its_place_to_the_next_dead_letter() -> None:
    world = await refused("shop", "cart")
    await world.until(7 * MINUTE)
    world.slack.refuses = None
    shop = world.incidents[0].id
    assert await DeadLetterActions(world.shards, lambda: None).retry(shop, "chat") == ""
    await world.webhook(seen(service="shop", ends=world.at))
    await world.until(world.at + 10 * SECOND)
    assert told(world) == ["cart"]


async def test_a_retry_of_all_waits_for_no_question_that_has_gone_unanswered() -> None:
    world = await refused("shop", "cart")
    record = refusals(world)
    cause = "place slack SLACK_BOT_TOKEN C1"
    lost = msgspec.structs.replace(record.causes[cause], probe="gone|chat", tried_at=START + world.at)
    await world.store.commit(Changes(put={REFUSALS: dump(Refusals({cause: lost}))}))
    world.slack.refuses = None
    await world.until(world.at + 21 * SECOND)
    assert told(world) == []
    assert await DeadLetterActions(world.shards, lambda: None).retry_all("chat") == 2
    await world.until(world.at + SECOND)
    assert told(world) == ["shop", "cart"]


async def test_one_token_is_one_cause_and_each_channel_is_one() -> None:
    rules = rulebook(
        Route("everything", BUILT_IN, notify=("chat", "ops")), destinations=(slack(), slack("ops", "C2"))
    )
    world = World(rules)
    world.slack.refuses = REVOKED
    await world.webhook(seen(service="shop"))
    await world.until(20 * SECOND)
    assert list(refusals(world).causes) == ["credential slack SLACK_BOT_TOKEN"]
    assert len(world.slack.tried) == 1
    world.slack.refuses = OUT
    await world.until(3 * MINUTE)
    assert sorted(refusals(world).causes) == [
        "place slack SLACK_BOT_TOKEN C1",
        "place slack SLACK_BOT_TOKEN C2",
    ]


async def test_another_credential_of_the_same_vendor_is_not_held_back() -> None:
    rules = rulebook(
        Route("everything", BUILT_IN, notify=("chat", "other")),
        destinations=(slack(), slack("other", "C2", token=SecretName("OTHER_TOKEN"))),
    )
    world = World(rules)
    world.secrets.values["OTHER_TOKEN"] = "xoxb-other"
    world.slack.answers = [REVOKED]
    await world.webhook(seen(service="shop"))
    await world.until(20 * SECOND)
    assert {ledger.target: ledger.dead for ledger in world.ledgers_everywhere} == {
        "chat": "auth",
        "other": "",
    }


async def test_a_refused_content_holds_nothing_back() -> None:
    world = World(CHAT)
    world.slack.answers = [CONTENT]
    await world.webhook(seen(service="shop"), seen(service="cart"))
    await world.until(HOUR)
    assert len(told(world)) == 1
    assert refusals(world).causes == {}
    assert [ledger.dead for ledger in world.ledgers_everywhere if ledger.dead] == ["invalid"]


async def test_a_probe_whose_content_is_refused_leaves_its_place_to_the_next_dead_letter() -> None:
    world = await refused("shop", "cart")
    world.slack.answers = [CONTENT]
    world.slack.refuses = None
    await world.until(2 * MINUTE)
    assert told(world) == ["cart"]
    assert sorted(ledger.dead for ledger in world.ledgers_everywhere) == ["", "invalid"]


async def test_a_probe_that_nobody_answers_is_repeated_and_keeps_the_others_waiting() -> None:
    world = await refused("shop", "cart")
    world.slack.acts_though_unanswered = False
    world.slack.answers = [Unanswered("timeout")]
    world.slack.refuses = None
    await world.until(5 * MINUTE)
    assert told(world) == ["shop", "cart"]


async def test_a_dead_letter_that_no_record_knows_of_is_asked_with() -> None:
    world = await refused("shop", "cart")
    await world.store.commit(Changes(drop=[REFUSALS]))
    world.slack.refuses = None
    await world.until(30 * MINUTE)
    assert told(world) == []
    await world.replan()
    await world.until(31 * MINUTE)
    assert told(world) == ["shop", "cart"]


async def test_a_retry_by_hand_is_sent_at_once_and_brings_the_rest_along() -> None:
    world = await refused("shop", "cart")
    await world.until(30 * MINUTE)
    world.slack.refuses = None
    cart = world.incidents[1].id
    assert await DeadLetterActions(world.shards, lambda: None).retry(cart, "chat") == ""
    await world.until(30 * MINUTE + SECOND)
    assert told(world) == ["cart", "shop"]


async def test_a_page_that_a_service_refuses_reaches_the_fallback_at_once_sent_or_not() -> None:
    rules = rulebook(
        Route("everything", BUILT_IN, page=("pager",)), destinations=(slack(), pager(fallback=("chat",)))
    )
    world = World(rules)
    world.pagerduty.refuses = REVOKED
    await world.webhook(seen(service="shop"))
    await world.until(11 * SECOND)
    await world.webhook(seen(service="cart", at=11_000))
    await world.until(30 * SECOND)
    assert len(world.pagerduty.tried) == 1
    assert told(world) == ["shop", "cart"]


async def test_the_log_names_a_destination_that_refuses_and_that_it_works_again() -> None:
    with capture_logs() as lines:
        world = await refused("shop", "cart")
        world.slack.refuses = None
        await world.until(2 * MINUTE)
    said = [
        (line["event"], line["cause"])
        for line in lines
        if line["event"] in ("destination_refuses", "destination_works_again")
    ]
    cause = "place slack SLACK_BOT_TOKEN C1"
    assert said == [("destination_refuses", cause), ("destination_works_again", cause)]
    assert [line["event"] for line in lines].count("delivery_withheld") == 1


async def test_a_reply_that_is_refused_with_everything_else_is_said_when_the_bot_is_back() -> None:
    world = World(CHAT)
    await world.webhook(seen(service="shop"))
    await world.until(MINUTE)
    world.slack.refuses_replies = OUT
    await world.webhook(seen(service="shop", name="Worse", at=MINUTE))
    await world.until(5 * MINUTE)
    assert world.ledgers["chat"].dead == "not_found"
    assert not [sent for sent in world.slack.sent if sent.notes]
    world.slack.refuses_replies = None
    await world.until(20 * MINUTE)
    assert [note.text for sent in world.slack.sent for note in sent.notes]
    assert (world.ledgers["chat"].dead, world.ledgers["chat"].pending_notes) == ("", ())
    assert refusals(world).causes == {}


async def test_an_extra_message_is_taken_back_when_the_token_is_accepted_again() -> None:
    world = World(CHAT)
    await world.webhook(seen(service="shop"))
    await world.until(MINUTE)
    ledger = msgspec.structs.replace(world.ledgers["chat"], orphans=(MessageRef("late", "C1"),))
    await world.store.commit(Changes(put={ledger_cell(ledger.incident, "chat"): dump(ledger)}))
    world.slack.refuses = REVOKED
    await world.webhook(seen(service="shop", name="Worse", at=MINUTE))
    await world.until(30 * MINUTE)
    assert world.slack.withdrawn == []
    assert len(world.slack.tried) < 10
    world.slack.refuses = None
    await world.until(HOUR)
    assert world.slack.withdrawn == [MessageRef("late", "C1")]
    assert world.ledgers["chat"].orphans == ()


@pytest.mark.parametrize("away", [False, True], ids=["revoked", "away"])
@pytest.mark.parametrize("extra", [True, False], ids=["an extra message", "a reply"])
async def test_what_is_refused_while_news_waits_for_its_time_is_not_tried_again_and_again(
    away: bool, extra: bool
) -> None:
    """The news is no reason to try the same thing at once, since it is not due yet."""
    world = World(CHAT)
    await world.webhook(seen(service="shop"))
    await world.until(MINUTE)
    ledger = world.ledgers["chat"]
    owed = {"orphans": (MessageRef("late", "C1"),)} if extra else {"pending_notes": (Note("A word."),)}
    world.slack.refuses_withdrawals = world.slack.refuses_replies = REVOKED
    if away:
        world.secrets.goes("SLACK_BOT_TOKEN")
    await world.webhook(seen(service="shop", name="Other", at=MINUTE))
    world.slack.tried.clear()
    ledger = msgspec.structs.replace(world.ledgers["chat"], **owed)
    await world.store.commit(Changes(put={ledger_cell(ledger.incident, "chat"): dump(ledger)}))
    await world.replan()
    await world.webhook(seen(service="shop", name="Third", at=MINUTE + 1))
    assert len(world.slack.tried) < 3, "at once"
    if away:
        world.secrets.comes_back("SLACK_BOT_TOKEN")
    world.slack.refuses_withdrawals = world.slack.refuses_replies = None
    await world.until(30 * MINUTE)
    assert (world.ledgers["chat"].orphans, world.ledgers["chat"].pending_notes) == ((), ())
    assert world.slack.withdrawn == ([MessageRef("late", "C1")] if extra else [])


async def test_an_extra_message_in_a_channel_that_is_no_more_keeps_nobody_from_being_told_in_the_new_one() -> (
    None
):
    world = World(CHAT)
    await world.webhook(seen(service="shop"))
    await world.until(MINUTE)
    ledger = msgspec.structs.replace(world.ledgers["chat"], orphans=(MessageRef("late", "C0"),))
    await world.store.commit(Changes(put={ledger_cell(ledger.incident, "chat"): dump(ledger)}))
    world.slack.refuses_withdrawals = Refused("not_found", "channel_not_found", permanent=True)
    await world.webhook(seen(service="shop", name="Worse", at=MINUTE))
    await world.until(5 * MINUTE)
    assert refusals(world).causes == {}
    await world.webhook(seen(service="cart", at=5 * MINUTE))
    await world.until(6 * MINUTE)
    assert told(world)[-1] == "cart"
    assert all((kept.dead, kept.orphans) == ("", ()) for kept in world.ledgers_everywhere)


@pytest.mark.long
async def test_a_day_of_asking_in_vain_is_no_line_of_the_timeline() -> None:
    world = await refused("shop")
    before = list(world.store.log)
    assert [entry.what for _, entry in before].count("dead_letter") == 1
    await world.until(24 * HOUR)
    assert len(world.slack.tried) > 100
    assert list(world.store.log) == before
    world.slack.refuses = None
    await world.until(25 * HOUR)
    since = [entry.what for _, entry in list(world.store.log)[len(before) :]]
    assert since.count("told_firing") == 1


async def test_another_refusal_than_before_is_on_the_timeline() -> None:
    world = await refused("shop")
    world.slack.refuses = REVOKED
    await world.until(10 * MINUTE)
    said = [entry.detail["error"] for _, entry in world.store.log if entry.what == "dead_letter"]
    assert said == ["not_in_channel", "token_revoked"]


async def test_two_replicas_ask_with_one_notification_and_not_with_two() -> None:
    world = await refused("shop", "cart", "pay")
    first = world.reconciler
    world.begin(CHAT)
    for second in range(35, 400, 5):
        world.at = second * SECOND
        await asyncio.gather(first.run_due(), world.reconciler.run_due())
    began = world.slack.tried[0][0]
    assert [(at - began) // (5 * SECOND) * 5 for at, _ in world.slack.tried] == [0, 15, 60, 180]


async def test_two_replicas_with_different_tokens_ask_once_with_each_and_then_at_the_usual_times() -> None:
    world = await refused("shop", answer=REVOKED)
    one = world.reconciler
    world.secrets = Secrets()
    world.secrets.values["SLACK_BOT_TOKEN"] = "xoxb-another"
    world.begin(CHAT)
    replicas = [one, world.reconciler]
    for second in range(20, 620, 5):
        world.at = second * SECOND
        for replica in replicas:
            await replica.run_due()
        replicas.reverse()
    began = world.slack.tried[0][0]
    assert [(at - began) // SECOND for at, _ in world.slack.tried] == [0, 15, 135, 435]


async def test_a_replica_that_is_killed_while_it_asks_leaves_the_question_to_the_next() -> None:
    world = await refused("shop", "cart")
    record = refusals(world)
    cause = "place slack SLACK_BOT_TOKEN C1"
    lost = msgspec.structs.replace(record.causes[cause], probe="gone|chat", tried_at=START + world.at)
    await world.store.commit(Changes(put={REFUSALS: dump(Refusals({cause: lost}))}))
    world.slack.refuses = None
    await world.until(world.at + 2 * MINUTE - 10 * SECOND)
    assert told(world) == []
    await world.until(world.at + 20 * SECOND)
    assert told(world) == ["shop", "cart"]

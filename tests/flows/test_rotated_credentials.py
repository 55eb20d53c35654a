"""A credential is changed in the ordinary way: nothing that is open gets lost, and nobody is told twice."""

from __future__ import annotations

import msgspec

from gateway.actions.incidents import IncidentActions
from gateway.model.changes import Cell, Changes, Table
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.ledger import Endpoint, NotifiedState
from gateway.model.records import dump
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from tests.support.build import pager, rulebook, seen, slack, someone
from tests.support.world import World

PAGES = rulebook(Route("everything", BUILT_IN, page=("pager",)), destinations=(pager(),))
CHAT = rulebook(Route("everything", BUILT_IN, notify=("chat",)), destinations=(slack(),))
KEY = "PAGERDUTY_ROUTING_KEY"
FIRING, ENDED = NotifiedState.FIRING, NotifiedState.ENDED


def paged(world: World) -> list[tuple[NotifiedState, str, str]]:
    """What PagerDuty was told, of which service, by which key."""
    return [
        (sent.state, sent.notification.where["service"], sent.secret)
        for sent in world.pagerduty.sent
        if sent.notification is not None
    ]


async def paged_by(key: str) -> World:
    world = World(PAGES)
    world.secrets.values[KEY] = key
    await world.webhook(seen(service="shop"))
    await world.until(MINUTE)
    return world


async def test_while_a_key_rotates_an_open_page_goes_on_by_the_key_that_opened_it() -> None:
    world = await paged_by("old-key")
    world.secrets.values[KEY] = "new-key,old-key"
    await world.webhook(seen(service="cart", at=60_000))
    await world.webhook(seen(service="shop", at=60_000, pod="b"))
    await world.until(3 * MINUTE)
    shop = world.incidents[0].id
    await IncidentActions(world.shards, lambda: None).acknowledge(shop, someone("ann"))
    await world.until(4 * MINUTE)
    await world.webhook(
        seen(service="shop", ends=240_000), seen(service="shop", at=60_000, pod="b", ends=240_000)
    )
    await world.until(10 * MINUTE)
    assert [said for said in paged(world) if said[1] == "shop"] == [
        (FIRING, "shop", "old-key"),
        (FIRING, "shop", "old-key"),
        (FIRING, "shop", "old-key"),
        (ENDED, "shop", "old-key"),
    ]
    assert (FIRING, "cart", "new-key") in paged(world)
    await world.webhook(seen(service="cart", at=60_000, ends=600_000))
    await world.until(20 * MINUTE)
    assert paged(world)[-1] == (ENDED, "cart", "new-key")
    assert [ledger.dead for ledger in world.ledgers_everywhere] == ["", ""]


async def test_what_fires_again_after_its_end_is_a_new_page_by_the_new_key() -> None:
    world = await paged_by("old-key")
    await world.webhook(seen(service="shop", ends=60_000))
    await world.until(62 * SECOND)
    world.secrets.values[KEY] = "new-key, old-key"
    await world.webhook(seen(service="shop", at=62_000))
    await world.until(10 * MINUTE)
    assert [key for state, _, key in paged(world) if state is FIRING][-1] in {"new-key", "old-key"}
    generations = {
        sent.notification.generation: sent.secret for sent in world.pagerduty.sent if sent.notification
    }
    assert generations[max(generations)] == ("new-key" if len(generations) > 1 else "old-key")


async def test_the_end_waits_for_its_key_and_is_sent_seconds_after_that_is_back() -> None:
    world = await paged_by("old-key")
    world.secrets.values[KEY] = "new-key"
    await world.webhook(seen(service="shop", ends=60_000))
    await world.until(HOUR)
    assert world.ledgers["pager"].dead == "credential_changed"
    assert len(paged(world)) == 1
    world.secrets.values[KEY] = "new-key,old-key"
    await world.until(HOUR + 10 * SECOND)
    assert paged(world)[-1] == (ENDED, "shop", "old-key")
    assert world.ledgers["pager"].dead == ""


async def test_another_token_of_the_bot_edits_the_message_that_the_old_one_posted() -> None:
    world = World(CHAT)
    await world.webhook(seen(service="shop"))
    await world.until(MINUTE)
    world.secrets.values["SLACK_BOT_TOKEN"] = "xoxb-2"
    await world.webhook(seen(service="shop", at=60_000, pod="b"))
    await world.until(3 * MINUTE)
    await world.webhook(
        seen(service="shop", ends=180_000), seen(service="shop", at=60_000, pod="b", ends=180_000)
    )
    await world.until(10 * MINUTE)
    told = [(sent.state, sent.secret, sent.posted) for sent in world.slack.sent if sent.notification]
    assert told == [
        (FIRING, "xoxb-1", True),
        (FIRING, "xoxb-2", False),
        *[(FIRING, "xoxb-2", False)] * (len(told) - 3),
        (ENDED, "xoxb-2", False),
    ]
    assert world.ledgers["chat"].dead == ""


async def test_a_ledger_of_an_earlier_version_goes_on_through_the_token_of_the_same_name() -> None:
    """Earlier versions marked the token as a whole, and took another one for another place."""
    world = World(CHAT)
    await world.webhook(seen(service="shop"))
    await world.until(MINUTE)
    ledger = world.ledgers["chat"]
    assert ledger.endpoint is not None
    before = msgspec.structs.replace(
        ledger, endpoint=msgspec.structs.replace(ledger.endpoint, secret_hash="mark of another version")
    )
    await world.store.commit(Changes(put={Cell(Table.LEDGERS, ledger.key): dump(before)}))
    await world.webhook(seen(service="shop", ends=60_000))
    await world.until(10 * MINUTE)
    assert world.ledgers["chat"].last_notified.state is ENDED


async def test_an_earlier_version_still_knows_the_mark_of_a_token() -> None:
    """It compares the mark of the whole token, and would take any other mark for a lost credential."""
    world = World(CHAT)
    await world.webhook(seen(service="shop"))
    await world.until(MINUTE)
    endpoint = world.ledgers["chat"].endpoint
    assert endpoint is not None
    assert endpoint.secret_hash == "mark of xoxb-1"


async def test_a_mark_of_another_key_is_unknown_and_not_changed_and_the_end_goes_by_the_key_of_the_rules() -> (
    None
):
    world = await paged_by("old-key")
    world.secrets.key_name = "second"  # the store of the first one was emptied
    await world.webhook(seen(service="shop", ends=60_000))
    await world.until(10 * MINUTE)
    assert paged(world)[-1] == (ENDED, "shop", "old-key")
    assert world.ledgers["pager"].dead == ""


def test_a_mark_of_another_key_says_of_no_place_that_it_is_another() -> None:
    told = Endpoint("webhook", "hook", "HOOK_URL", "a1", marked_by="first")
    assert told.same_place(msgspec.structs.replace(told, secret_hash="b2", marked_by="second"))
    assert told.same_place(msgspec.structs.replace(told, marked_by=""))
    assert not told.same_place(msgspec.structs.replace(told, secret_hash="b2"))
    assert not told.same_place(msgspec.structs.replace(told, address="other", marked_by="second"))

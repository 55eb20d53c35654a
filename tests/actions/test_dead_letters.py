"""Dead letters are tried again by hand: one, all of a destination, or all there are."""

from __future__ import annotations

import pytest

from gateway.actions.dead_letters import DeadLetterActions
from gateway.model.cells import REFUSALS
from gateway.model.changes import Changes
from gateway.model.durations import HOUR, SECOND
from gateway.model.notification import Refused
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from tests.support.build import rulebook, seen, slack
from tests.support.world import World

REVOKED = Refused("auth", "invalid_auth", permanent=True)
CONTENT = Refused("invalid", "no_text", permanent=True)
TWO = rulebook(
    Route("everything", BUILT_IN, notify=("chat", "ops")),
    destinations=(slack(), slack("ops", "C2")),
)


class Desk:
    """The actions in a whole gateway whose two channels have refused everything for an hour."""

    def __init__(self, answer: Refused) -> None:
        self.world = World(TWO)
        self.world.slack.refuses = answer
        self.woken = 0
        self.actions = DeadLetterActions(self.world.shards, self._wake)

    def _wake(self) -> None:
        self.woken += 1

    async def an_hour_of_refusals(self) -> None:
        await self.world.webhook(seen(service="shop", severity="warning"), seen(service="cart"))
        await self.world.until(HOUR)
        assert all(ledger.dead for ledger in self.world.ledgers_everywhere)
        self.world.slack.refuses = None

    async def told(self) -> list[tuple[str, str]]:
        """What is told within a second: the target and the service."""
        await self.world.until(self.world.at + SECOND)
        return [
            (sent.target, sent.notification.where["service"])
            for sent in self.world.slack.sent
            if sent.notification is not None
        ]


async def test_one_is_sent_at_once_and_on_the_timeline() -> None:
    desk = Desk(CONTENT)
    await desk.an_hour_of_refusals()
    incident = desk.world.incidents[0].id
    assert await desk.actions.retry(incident, "chat") == ""
    assert [target for target, _ in await desk.told()] == ["chat"]
    assert desk.woken == 1
    assert "dead_letter_retried" in [entry.what for _, entry in desk.world.store.log]


async def test_what_is_no_dead_letter_is_a_sentence_and_what_nobody_was_told_is_not_there() -> None:
    desk = Desk(CONTENT)
    desk.world.slack.refuses = None
    await desk.world.webhook(seen())
    await desk.world.until(HOUR)
    incident = desk.world.incidents[0].id
    assert await desk.actions.retry(incident, "chat") == "this target has no dead letter"
    assert await desk.actions.retry(incident, "gone") is None
    assert desk.woken == 0


@pytest.mark.parametrize("answer", [CONTENT, REVOKED], ids=["their content", "the credential"])
async def test_all_are_sent_the_most_urgent_first(answer: Refused) -> None:
    desk = Desk(answer)
    await desk.an_hour_of_refusals()
    assert await desk.actions.retry_all() == 4
    told = await desk.told()
    assert sorted(told) == [("chat", "cart"), ("chat", "shop"), ("ops", "cart"), ("ops", "shop")]
    assert [service for _, service in told] == ["cart", "cart", "shop", "shop"]


async def test_those_of_a_destination_leave_the_others_alone() -> None:
    desk = Desk(CONTENT)
    await desk.an_hour_of_refusals()
    assert await desk.actions.retry_all("ops") == 2
    assert {target for target, _ in await desk.told()} == {"ops"}
    assert await desk.actions.retry_all("nobody") == 0


async def test_where_everything_is_refused_still_one_asks_and_not_all() -> None:
    desk = Desk(REVOKED)
    await desk.an_hour_of_refusals()
    desk.world.slack.refuses = REVOKED
    before = len(desk.world.slack.tried)
    assert await desk.actions.retry_all() == 4
    await desk.told()
    assert len(desk.world.slack.tried) == before + 1


async def test_letters_that_no_record_knows_of_are_tried_too() -> None:
    desk = Desk(REVOKED)
    await desk.an_hour_of_refusals()
    await desk.world.store.commit(Changes(drop=[REFUSALS]))
    assert await desk.actions.retry_all() == 4
    assert len(await desk.told()) == 4

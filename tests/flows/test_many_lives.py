"""An open incident that flaps for ever keeps its newest lives and a count, and its people are told as before."""

from __future__ import annotations

import pytest

from gateway.actions.dead_letters import DeadLetterActions
from gateway.model.changes import Table
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.notification import Refused
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from tests.support.build import pager, rulebook, seen, slack
from tests.support.world import World

RULES = rulebook(
    Route(
        "everything", BUILT_IN, notify=("chat",), page=("pager",), group_wait=0, update_interval=10 * SECOND,
        resolve_after=HOUR,
    ),
    destinations=(slack(), pager()),
)  # fmt: skip


KEPT = 20  # in place of many more, which take long to come about


async def flapped(world: World, times: int, name: str = "Flaps") -> None:
    for _ in range(times):
        start = world.at
        await world.webhook(seen(name, at=start, service="a"))
        await world.until(start + 15 * SECOND)
        await world.webhook(seen(name, at=start, ends=start + 15 * SECOND, service="a"))
        await world.until(start + 30 * SECOND)


async def test_the_newest_lives_are_kept_and_the_others_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.decisions.notification.earlier_lives.LIVES_KEPT", KEPT)
    world, times = World(RULES), KEPT + 30
    await flapped(world, times)
    await world.until(world.at + MINUTE)
    (incident,) = world.incidents
    assert len(incident.members) == KEPT + 1
    assert len(world.store.rows[Table.PAST]) == KEPT
    assert [lives.count for lives in incident.earlier_lives.values()] == [times - KEPT - 1]
    assert all(len(ledger.last_notified.members) <= KEPT + 1 for ledger in world.ledgers.values())
    await world.until(world.at + 2 * HOUR)
    last = [sent.notification for sent in world.slack.sent if sent.notification][-1]
    assert last is not None
    assert last.state.value == "ended"
    (line,) = last.lines
    assert line.often is not None
    assert line.often.times == times
    assert line.often.fired_for == times * 15 * SECOND
    assert not world.imbalances()["ends"]


async def test_lives_that_go_cause_no_notification_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = []
    for kept in (3, 1000):
        monkeypatch.setattr("gateway.decisions.notification.earlier_lives.LIVES_KEPT", kept)
        world = World(RULES)
        await world.webhook(seen("Steady", service="a"))
        await flapped(world, 12)
        await world.until(world.at + 10 * MINUTE)
        sent.append(
            [
                (one.at, one.target, one.notification is None)
                for one in world.slack.sent + world.pagerduty.sent
            ]
        )
    assert sent[0] == sent[1]


@pytest.mark.parametrize("told_before", [0, 2])
async def test_lives_are_counted_while_a_destination_refuses_everything(
    told_before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.decisions.notification.earlier_lives.LIVES_KEPT", 10)
    world = World(RULES)
    await flapped(world, told_before)
    world.slack.answers = [Refused("invalid", permanent=True)] * 1_000
    await flapped(world, 40)
    (incident,) = world.incidents
    assert world.ledgers["chat"].dead
    assert len(incident.members) <= 12
    world.slack.answers = []
    await DeadLetterActions(world.shards, lambda: None).retry(incident.id, "chat")
    await world.until(world.at + 2 * HOUR)
    assert not world.ledgers["chat"].dead
    assert not any(world.imbalances().values())

"""An annotation that says something else edits the message, and calls nobody."""

from __future__ import annotations

import msgspec

from gateway.model.alert import Observation
from gateway.model.changes import Cell, Changes, Table
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.records import dump
from tests.decisions.cases import route
from tests.support.build import mail, rulebook, seen, slack
from tests.support.world import World


def full(percent: int, **more: str) -> Observation:
    return seen("DiskFilling", annotations={"summary": f"{percent} % full"}, **more)


def summaries(world: World) -> list[tuple[int, str]]:
    return [
        (one.at, one.notification.lines[0].summary)
        for one in world.slack.sent
        if one.notification is not None
    ]


async def test_a_newer_value_edits_the_message_within_the_update_interval_and_notes_nothing() -> None:
    world = World()
    await world.webhook(full(91))
    await world.until(15 * SECOND)
    await world.webhook(full(99))
    await world.until(HOUR)
    assert summaries(world) == [(10 * SECOND, "91 % full"), (40 * SECOND, "99 % full")]
    assert not [note for one in world.slack.sent for note in one.notes]
    assert len([one for one in world.slack.sent if one.posted]) == 1


async def test_values_that_change_all_the_time_are_one_edit_in_each_update_interval() -> None:
    world = World()
    for second in range(0, 120, 2):
        await world.until(second * SECOND)
        await world.webhook(full(second))
    await world.until(HOUR)
    assert [at for at, _ in summaries(world)] == [at * SECOND for at in (10, 40, 70, 100, 130)]
    assert summaries(world)[-1][1] == "118 % full"


async def test_two_replicas_that_say_it_differently_do_not_edit_for_ever() -> None:
    world = World()
    for number in range(20):
        await world.until(number * MINUTE)
        await world.webhook(full(91, replica="a"), full(92, replica="b"))
    assert len(summaries(world)) == 1


async def test_a_new_value_is_worth_no_mail() -> None:
    world = World(rulebook(route(notify=("ops",), page=()), destinations=(slack(), mail())))
    await world.webhook(full(91))
    await world.until(MINUTE)
    await world.webhook(full(99))
    await world.until(HOUR)
    assert len(world.mail.sent) == 1
    assert world.ledgers["ops"].left_out == 0


async def test_a_message_that_the_version_before_sent_is_not_edited_for_the_mark_alone() -> None:
    world = World()
    await world.webhook(full(91))
    await world.until(MINUTE)
    ledger = world.ledgers["chat"]
    unmarked = msgspec.structs.replace(ledger.last_notified, texts="")
    row = dump(msgspec.structs.replace(ledger, last_notified=unmarked))
    await world.store.commit(Changes(put={Cell(Table.LEDGERS, ledger.key): row}))
    await world.replan()
    await world.until(HOUR)
    assert len(summaries(world)) == 1
    await world.webhook(full(91, pod="b"))
    await world.until(2 * HOUR)
    assert world.ledgers["chat"].last_notified.texts

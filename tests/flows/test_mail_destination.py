"""Readers of mail: one for each thing that matters, few updates, and each says how many were left out before
it.
"""

from __future__ import annotations

from itertools import pairwise

import pytest

from gateway.actions.incidents import IncidentActions
from gateway.decisions.accounting.invariants import failing_destinations
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.ledger import NotifiedState
from gateway.model.notification import Delivered, MessageRef, Notification, Refused, Unanswered
from gateway.model.rules.kinds import CorrelateRule
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from gateway.model.severity import Severity
from gateway.model.verdict import Reason
from tests.support.build import mail, pager, rulebook, seen, slack, someone
from tests.support.world import World

FIRING, ENDED = NotifiedState.FIRING, NotifiedState.ENDED
TOGETHER = (CorrelateRule("all", BUILT_IN, by=("cluster",), window=6 * HOUR),)
MAIL = rulebook(Route("everything", BUILT_IN, notify=("ops",)), destinations=(mail(),), correlate=TOGETHER)


def mails(world: World) -> list[Notification]:
    return [sent.notification for sent in world.mail.sent if sent.notification is not None]


def told(world: World) -> list[NotifiedState]:
    return [notification.state for notification in mails(world)]


def times(world: World) -> list[int]:
    return [sent.at for sent in world.mail.sent]


async def join(world: World, number: int, **labels: str) -> None:
    await world.webhook(seen(f"Joins{number}", at=world.at, **labels))


async def test_a_first_firing_and_an_end_are_a_mail_each() -> None:
    world = World(MAIL)
    await world.webhook(seen())
    await world.until(MINUTE)
    await world.webhook(seen(ends=2 * MINUTE))
    await world.until(10 * MINUTE)
    assert told(world) == [FIRING, ENDED]
    assert [notification.left_out for notification in mails(world)] == [0, 0]


async def test_joins_wait_for_a_quarter_of_an_hour_and_the_mail_then_says_what_was_left_out() -> None:
    world = World(MAIL)
    await world.webhook(seen())
    await world.until(MINUTE)
    for number in range(4):
        await join(world, number)
        await world.until(world.at + MINUTE)
    await world.until(14 * MINUTE)
    assert len(mails(world)) == 1
    await world.until(20 * MINUTE)
    _, update = mails(world)
    assert (update.firing, update.left_out) == (5, 3)
    assert times(world)[1] - times(world)[0] >= 15 * MINUTE


async def test_there_are_six_updates_and_the_end_says_what_was_left_out_since() -> None:
    world = World(MAIL)
    await world.webhook(seen())
    await world.until(MINUTE)
    for number in range(12):
        await join(world, number)
        await world.until(world.at + 20 * MINUTE)
    assert told(world) == [FIRING] * 7
    assert all(later - earlier >= 15 * MINUTE for earlier, later in pairwise(times(world)))
    await world.webhook(
        seen(ends=world.at),
        *(seen(f"Joins{n}", at=MINUTE + 20 * n * MINUTE, ends=world.at) for n in range(12)),
    )
    await world.until(world.at + 10 * MINUTE)
    assert told(world) == [FIRING] * 7 + [ENDED]
    assert mails(world)[-1].left_out == 6
    assert not failing_destinations(world.store.counted)


async def test_the_end_shows_what_joined_since_the_mail_before_and_how_long_all_of_it_took() -> None:
    world = World(MAIL)
    await world.webhook(seen())
    await world.until(MINUTE)
    await join(world, 1)
    await world.until(2 * MINUTE)
    await join(world, 2)
    await world.until(3 * MINUTE)
    await world.webhook(seen(ends=3 * MINUTE), seen("Joins1", at=MINUTE, ends=3 * MINUTE))
    await world.until(4 * MINUTE)
    await world.webhook(seen("Joins2", at=2 * MINUTE, ends=4 * MINUTE))
    await world.until(10 * MINUTE)
    assert told(world) == [FIRING, ENDED]
    end = mails(world)[-1]
    assert sorted(line.name for line in end.lines) == ["HighErrorRate", "Joins1", "Joins2"]
    assert (end.firing, end.ended) == (0, 3)
    assert end.ended_at is not None
    assert end.ended_at - end.started_at == 4 * MINUTE
    assert not failing_destinations(world.store.counted)
    assert not world.reports


async def test_a_close_by_hand_shows_what_joined_since_the_mail_before() -> None:
    world = World(MAIL)
    await world.webhook(seen())
    await world.until(MINUTE)
    await join(world, 1)
    await world.until(2 * MINUTE)
    await IncidentActions(world.shards, lambda: None).close(world.incidents[0].id, someone("ben"), "", HOUR)
    await world.until(3 * MINUTE)
    assert told(world) == [FIRING, NotifiedState.CLOSED]
    assert mails(world)[-1].alerts == 2
    await world.webhook(seen(ends=3 * MINUTE))
    await world.until(10 * MINUTE)
    assert told(world) == [FIRING, NotifiedState.CLOSED]
    await world.webhook(seen("Joins1", at=MINUTE, ends=10 * MINUTE))
    await world.until(20 * MINUTE)
    assert told(world) == [FIRING, NotifiedState.CLOSED, ENDED]


async def test_who_joins_when_no_update_is_left_is_held_with_the_reason() -> None:
    world = World(MAIL)
    await world.webhook(seen())
    await world.until(MINUTE)
    for number in range(7):
        await join(world, number)
        await world.until(world.at + 20 * MINUTE)
    verdicts = [verdict for (target, _), verdict in (await world.verdicts()).items() if target == "ops"]
    assert [verdict.reason for verdict in verdicts].count(Reason.UPDATE_INTERVAL) == 1
    assert not world.reports


async def test_a_rise_in_severity_is_never_limited() -> None:
    world = World(MAIL)
    await world.webhook(seen(severity="warning"))
    await world.until(MINUTE)
    await join(world, 1, severity="warning")
    await world.until(2 * MINUTE)
    await join(world, 2, severity="critical")
    await world.until(3 * MINUTE)
    _, rise = mails(world)
    assert rise.severity is Severity.CRITICAL
    assert rise.left_out == 1
    assert times(world)[1] < 3 * MINUTE


async def test_a_rise_is_mailed_when_no_update_is_left() -> None:
    world = World(MAIL)
    await world.webhook(seen(severity="warning"))
    await world.until(MINUTE)
    for number in range(8):
        await join(world, number, severity="warning")
        await world.until(world.at + 20 * MINUTE)
    assert len(mails(world)) == 7
    await join(world, 9)
    await world.until(world.at + MINUTE)
    assert mails(world)[-1].severity is Severity.CRITICAL
    assert mails(world)[-1].left_out == 2


async def test_what_fires_again_after_its_end_is_mailed_at_once() -> None:
    route = Route("everything", BUILT_IN, notify=("ops",), page=("pager",))
    world = World(rulebook(route, destinations=(mail(), pager()), correlate=TOGETHER))
    await world.webhook(seen())
    await world.until(MINUTE)
    await world.webhook(seen(ends=MINUTE))
    await world.until(MINUTE + 20 * SECOND)
    await world.webhook(seen(at=world.at))
    await world.until(5 * MINUTE)
    assert told(world) == [FIRING, ENDED, FIRING]
    assert mails(world)[-1].generation == 2


async def test_an_incident_that_goes_on_from_another_says_from_which() -> None:
    world = World(MAIL)
    await world.webhook(seen())
    await world.until(MINUTE)
    await world.webhook(seen(ends=MINUTE))
    await world.until(2 * MINUTE)
    await world.webhook(seen(at=3 * MINUTE))
    await world.until(5 * MINUTE)
    first, _, again = mails(world)
    assert again.previous == first.incident


async def test_that_nothing_fires_for_a_moment_is_no_mail() -> None:
    calm = Route("everything", BUILT_IN, notify=("ops",), resolve_after=5 * MINUTE)
    world = World(rulebook(calm, destinations=(mail(),), correlate=TOGETHER))
    await world.webhook(seen())
    await world.until(MINUTE)
    await world.webhook(seen(ends=MINUTE))
    await world.until(3 * MINUTE)
    await world.webhook(seen(at=3 * MINUTE))
    await world.until(10 * MINUTE)
    assert told(world) == [FIRING]


async def test_a_mail_that_nobody_answered_is_sent_again_as_the_same_and_only_once_more() -> None:
    world = World(MAIL)
    world.mail.answers = [Unanswered("timeout")]
    await world.webhook(seen())
    await world.until(5 * MINUTE)
    assert len(set(world.mail.attempts)) == 1
    assert told(world) == [FIRING, FIRING]
    await world.webhook(seen(ends=5 * MINUTE))
    await world.until(20 * MINUTE)
    assert told(world) == [FIRING, FIRING, ENDED]


async def test_an_end_that_nobody_answered_is_the_same_mail_again() -> None:
    world = World(MAIL)
    await world.webhook(seen())
    await world.until(MINUTE)
    world.mail.answers = [Unanswered("timeout")]
    await world.webhook(seen(ends=MINUTE))
    await world.until(20 * MINUTE)
    assert told(world) == [FIRING, ENDED, ENDED]
    assert len(set(world.mail.attempts)) == 2


async def test_an_update_that_nobody_answered_counts_once() -> None:
    world = World(MAIL)
    await world.webhook(seen())
    await world.until(MINUTE)
    world.mail.answers = [Unanswered("timeout"), Unanswered("timeout")]
    await join(world, 1)
    await world.until(30 * MINUTE)
    assert world.ledgers["ops"].updates == 1


async def test_an_update_that_was_refused_does_not_count() -> None:
    world = World(MAIL)
    await world.webhook(seen())
    await world.until(MINUTE)
    world.mail.answers = [Refused("unavailable"), Refused("unavailable"), Delivered(MessageRef("<a.b@c>"))]
    await join(world, 1)
    await world.until(30 * MINUTE)
    assert world.ledgers["ops"].updates == 1


async def test_another_password_of_the_server_loses_no_end() -> None:
    world = World(MAIL)
    await world.webhook(seen())
    await world.until(MINUTE)
    world.secrets.values["GATEWAY_SMTP_URL"] = "smtp://alerts:another@mail.example:587"
    await world.webhook(seen(ends=MINUTE))
    await world.until(10 * MINUTE)
    assert told(world) == [FIRING, ENDED]


async def test_without_a_server_it_goes_to_the_log() -> None:
    world = World(MAIL)
    del world.secrets.values["GATEWAY_SMTP_URL"]
    await world.webhook(seen())
    await world.until(MINUTE)
    endpoint = world.ledgers["ops"].endpoint
    assert endpoint is not None
    assert (endpoint.kind, endpoint.secret) == ("log", "GATEWAY_SMTP_URL")
    assert not world.mail.sent


async def test_a_server_that_refuses_the_login_fails_over_and_is_told_later() -> None:
    route = Route("everything", BUILT_IN, notify=("ops",))
    world = World(rulebook(route, destinations=(mail(fallback=("chat",)), slack()), correlate=TOGETHER))
    world.mail.answers = [Refused("auth", "535", permanent=True, retry_after=MINUTE)] * 3
    await world.webhook(seen())
    await world.until(3 * MINUTE)
    assert world.slack.sent
    await world.until(10 * MINUTE)
    assert told(world) == [FIRING]
    assert not world.ledgers["ops"].dead


async def test_it_stands_in_at_once_for_a_pager_that_cannot_be_reached() -> None:
    route = Route("everything", BUILT_IN, notify=("ops",), page=("pager",))
    world = World(rulebook(route, destinations=(mail(), pager(fallback=("ops",))), correlate=TOGETHER))
    world.pagerduty.down = True
    await world.webhook(seen())
    await world.until(4 * MINUTE)
    assert told(world) == [FIRING, FIRING]
    assert "pager cannot be reached" in mails(world)[-1].reason
    assert world.ledgers["ops"].updates == 0


@pytest.mark.parametrize("remind", [HOUR])
async def test_a_reminder_comes_when_the_route_asks_for_it_and_is_no_update(remind: int) -> None:
    world = World(
        rulebook(
            Route("r", BUILT_IN, notify=("ops",), remind=remind), destinations=(mail(),), correlate=TOGETHER
        )
    )
    await world.webhook(seen())
    await world.until(HOUR + MINUTE)
    assert [note.text for sent in world.mail.sent for note in sent.notes] == [
        "🔴 HighErrorRate: still firing after 1h, not acknowledged here"
    ]
    assert world.ledgers["ops"].updates == 0


async def test_readers_whom_no_rule_names_any_more_are_told_so_by_one_mail() -> None:
    world = World(MAIL)
    await world.webhook(seen())
    await world.until(MINUTE)
    world.mail.answers = [Unanswered("timeout")]
    await world.reload(rulebook(destinations=(slack(), pager()), correlate=TOGETHER))
    await world.until(5 * MINUTE)
    await world.webhook(seen(ends=5 * MINUTE))
    await world.until(15 * MINUTE)
    assert told(world) == [FIRING, NotifiedState.MOVED, NotifiedState.MOVED]
    assert len(set(world.mail.attempts)) == 2

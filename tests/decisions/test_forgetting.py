"""What may be forgotten before its time, row by row."""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.forgetting import long_ended, may_forget, most_over_share
from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.intake.deduplicate import observe
from gateway.model.alert import Alert
from gateway.model.durations import DAY, HOUR, MINUTE
from gateway.model.incident import Incident
from gateway.model.ledger import Intent, LastNotified, Ledger, MessageRef, Note, NotifiedState, Part
from gateway.model.members import Member
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.source import Source
from tests.support.build import START, seen

NOW = START + DAY
TOLD_END = LastNotified(NotifiedState.ENDED, members={"a.1": False})
OWED_END = LastNotified(NotifiedState.FIRING, members={"a.1": True})
INTENT = Intent("t1", START, Part.MESSAGE, 1, 1, TOLD_END)


def ended(ago: int) -> Alert:
    fired, _, _ = observe(None, seen(), START)
    over, _, _ = observe(fired, seen(ends=MINUTE), NOW - ago)
    assert over is not None
    return over


def snapshot(alert: Alert, *ledgers: Ledger, resolved_at: int | None = NOW - 2 * HOUR) -> IncidentSnapshot:
    incident = Incident(
        "i1", START, "r", (Member(alert.id, alert.episode, START),), (), 1, 0, START, START,
        resolved_at=resolved_at, targets=tuple(ledger.target for ledger in ledgers),
    )  # fmt: skip
    return IncidentSnapshot(
        incident, {alert.episode_id: alert}, {ledger.target: ledger for ledger in ledgers}
    )


def ledger(**more: object) -> Ledger:
    return msgspec.structs.replace(Ledger("i1", "chat", "chat", last_notified=TOLD_END), **more)


def test_what_ended_two_hours_ago_and_was_told_may_go() -> None:
    assert may_forget(snapshot(ended(2 * HOUR), ledger()), {}, NOW)
    assert may_forget(snapshot(ended(2 * HOUR)), {}, NOW)


def test_what_is_open_stays() -> None:
    assert not may_forget(snapshot(ended(2 * HOUR), ledger(), resolved_at=None), {}, NOW)


def test_what_fires_stays_whatever_its_incident_says() -> None:
    fired, _, _ = observe(None, seen(), START)
    assert fired is not None
    assert not may_forget(snapshot(fired, ledger()), {}, NOW)


@pytest.mark.parametrize(
    "owes",
    [
        pytest.param({"last_notified": OWED_END}, id="an end is owed"),
        pytest.param({"intent": INTENT}, id="a send was begun"),
        pytest.param({"unconfirmed": (INTENT,)}, id="a send may still arrive"),
        pytest.param({"dead": "gone"}, id="a dead letter"),
        pytest.param({"pending_notes": (Note("x"),)}, id="a reply is owed"),
        pytest.param({"orphans": (MessageRef("1"),)}, id="an extra message is to be taken back"),
        pytest.param({"left": MessageRef("1")}, id="a thread has to lead on"),
    ],
)
def test_what_owes_anything_to_anybody_stays(owes: dict[str, object]) -> None:
    assert not may_forget(snapshot(ended(2 * HOUR), ledger(), ledger(target="pager", **owes)), {}, NOW)


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        pytest.param(None, HOUR, id="an hour at least"),
        pytest.param(Source("default", BUILT_IN, group_interval=MINUTE), HOUR, id="also of a quick source"),
        pytest.param(Source("default", BUILT_IN, group_interval=3 * HOUR), 3 * HOUR + 30_000, id="its grace"),
        pytest.param(Source("default", BUILT_IN, stale_after=5 * HOUR), 5 * HOUR, id="its silence"),
    ],
)
def test_an_end_is_kept_while_its_source_may_still_speak_of_it(source: Source | None, kept: int) -> None:
    sources = {"default": source} if source is not None else {}
    assert not long_ended(ended(kept - 1), sources, NOW)
    assert long_ended(ended(kept), sources, NOW)


def test_an_end_of_what_never_fired_is_kept_as_long() -> None:
    orphan, _, _ = observe(None, seen(ends=MINUTE), NOW - HOUR)
    assert orphan is not None
    assert not long_ended(orphan, {}, NOW - 1)
    assert long_ended(orphan, {}, NOW)


def test_the_source_that_takes_most_room_is_the_first() -> None:
    assert most_over_share([("a", 10), ("b", 4), ("a", 10), ("b", 30)]) == ["b", "a"]

"""Which lives of a flapping incident are counted in place of kept."""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.notification.earlier_lives import LIVES_KEPT, without_oldest_lives
from gateway.model.alert import Alert
from gateway.model.durations import MINUTE, SECOND
from gateway.model.incident import EarlierLives, Incident
from gateway.model.ledger import Intent, LastNotified, Ledger, Note, Part
from gateway.model.members import Member
from tests.support import records
from tests.support.build import START


def life(episode: int, *, firing: bool = False) -> Alert:
    start = START + episode * MINUTE
    return msgspec.structs.replace(
        records.ALERT, id="a", episode=episode, firing=firing, started_at=start,
        ended_at=None if firing else start + 10 * SECOND,
    )  # fmt: skip


def snapshot(
    lives: int, *, still: int = 0, counted: EarlierLives | None = None, **ledger: object
) -> IncidentSnapshot:
    """An incident of one alert with so many lives; the life `still` was never written as ended."""
    members = tuple(Member("a", number, START + number * MINUTE) for number in range(1, lives + 1))
    incident = Incident("i1", START, "r", members, (), 1, 0, START, START, targets=("chat",))
    if counted is not None:
        incident = msgspec.structs.replace(incident, earlier_lives={"a": counted})
    alerts = {f"a.{number}": life(number, firing=number == still) for number in range(1, lives + 1)}
    told = LastNotified(members=dict.fromkeys(alerts, False))
    kept = msgspec.structs.replace(Ledger("i1", "chat", "chat", last_notified=told), **ledger)
    return IncidentSnapshot(incident, alerts, {"chat": kept})


def test_up_to_200_lives_all_are_kept() -> None:
    before = snapshot(LIVES_KEPT + 1)
    assert without_oldest_lives(before) == (before, [])


def test_beyond_that_the_oldest_are_counted() -> None:
    after, gone = without_oldest_lives(snapshot(LIVES_KEPT + 4))
    assert gone == ["a.1", "a.2", "a.3"]
    assert after.incident.members[0].episode == 4
    assert after.incident.earlier_lives == {"a": EarlierLives(3, START + MINUTE, 30 * SECOND)}
    assert not set(gone) & (after.alerts.keys() | after.ledgers["chat"].last_notified.members.keys())


def test_what_was_counted_before_is_counted_on() -> None:
    after, _ = without_oldest_lives(snapshot(LIVES_KEPT + 2, counted=EarlierLives(7, START - MINUTE, 5)))
    assert after.incident.earlier_lives == {"a": EarlierLives(8, START - MINUTE, 5 + 10 * SECOND)}


def test_a_life_whose_end_is_owed_or_unknown_stays() -> None:
    owed = LastNotified(members={"a.1": True})
    assert without_oldest_lives(snapshot(LIVES_KEPT + 2, last_notified=owed))[1] == []
    assert without_oldest_lives(snapshot(LIVES_KEPT + 2, still=1))[1] == []


@pytest.mark.parametrize(
    "under_way",
    [
        {"intent": Intent("t1", START, Part.MESSAGE, 1, 1, LastNotified())},
        {"unconfirmed": (Intent("t1", START, Part.MESSAGE, 1, 1, LastNotified()),)},
        {"pending_notes": (Note("x"),)},
    ],
)
def test_nothing_goes_while_something_is_under_way(under_way: dict[str, object]) -> None:
    assert without_oldest_lives(snapshot(LIVES_KEPT + 4, **under_way))[1] == []  # type: ignore[arg-type]


def test_a_dead_letter_lets_them_go_since_it_may_stand_for_weeks() -> None:
    refused = LastNotified(members={"a.1": True, "a.203": True})
    letter = {"dead": "gone", "refused": refused, "pending_notes": (Note("x"),)}
    after, gone = without_oldest_lives(snapshot(LIVES_KEPT + 4, **letter))  # type: ignore[arg-type]
    assert gone == ["a.1", "a.2", "a.3"]
    assert after.ledgers["chat"].refused.members == {"a.203": True}

"""The ledger keeps what hides members, and for how long it did."""

from __future__ import annotations

import msgspec

from gateway.decisions.notification.hidden import hidden_before, keep_hidden
from gateway.decisions.notification.view import View
from gateway.model.durations import HOUR, MINUTE
from gateway.model.hidden import Hidden
from gateway.model.verdict import MemberStatus, Reason, Verdict
from tests.decisions.cases import alert, seen_by
from tests.support.build import START

A, B = alert(pod="a"), alert(pod="b")
SILENCE = Verdict(MemberStatus.SUPPRESSED, Reason.SILENCED, "silence s1 by anna", START + HOUR, "disk swap")
DISPUTE = Verdict(MemberStatus.HELD, Reason.DISPUTED, until=START + HOUR)


def view(*verdicts: Verdict | None, hidden: tuple[Hidden, ...] = ()) -> View:
    found = seen_by("chat", A, B, at=MINUTE)
    members = tuple(
        msgspec.structs.replace(member, suppressed_by=verdict)
        for member, verdict in zip(found.members, verdicts, strict=True)
    )
    ledger = msgspec.structs.replace(found.ledger, hidden=hidden)
    return msgspec.structs.replace(found, members=members, ledger=ledger)


def kept(found: View, at: int) -> tuple[Hidden, ...]:
    return keep_hidden(found.ledger, found, START + at).hidden


BOTH = Hidden("silenced", "silence s1 by anna", "disk swap", START + HOUR, (A.episode_id, B.episode_id))


def test_members_that_the_same_silence_hides_are_kept_together() -> None:
    assert kept(view(SILENCE, SILENCE), MINUTE) == (BOTH,)


def test_a_hold_hides_nothing() -> None:
    assert kept(view(DISPUTE, None), MINUTE) == ()


def test_what_no_longer_hides_is_over_now_or_was_over_at_its_end() -> None:
    early, late = view(None, None, hidden=(BOTH,)), view(None, None, hidden=(BOTH,))
    assert [one.until for one in kept(early, 5 * MINUTE)] == [START + 5 * MINUTE]
    assert [one.until for one in kept(late, 2 * HOUR)] == [START + HOUR]


def test_a_part_that_is_told_and_a_part_that_stays_hidden_are_two() -> None:
    found = kept(view(None, SILENCE, hidden=(BOTH,)), 5 * MINUTE)
    assert [(one.until, one.episodes) for one in found] == [
        (START + 5 * MINUTE, (A.episode_id,)),
        (START + HOUR, (B.episode_id,)),
    ]


def test_what_has_ended_is_hidden_from_nobody() -> None:
    gone = msgspec.structs.replace(BOTH, episodes=("other.1",))
    assert kept(view(None, None, hidden=(gone,)), MINUTE) == ()


def test_only_what_is_told_now_was_hidden_until_now() -> None:
    assert hidden_before(view(SILENCE, SILENCE, hidden=(BOTH,)), START + MINUTE) is None
    found = hidden_before(view(None, SILENCE, hidden=(BOTH,)), START + MINUTE)
    assert found is not None
    assert found.until == START + MINUTE

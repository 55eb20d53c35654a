"""What an answer says of a destination, and whether something may be sent there."""

from __future__ import annotations

import pytest

from gateway.decisions.delivery.probes import PATIENCE_MS
from gateway.decisions.delivery.refusals import (
    ADMITTED,
    admit,
    after_answer,
    cause_of,
    cause_of_dead_letter,
)
from gateway.model.durations import MINUTE, SECOND
from gateway.model.ledger import Endpoint, Ledger, MessageRef
from gateway.model.notification import Answer, Delivered, Refused, Unanswered
from gateway.model.refusals import NO_REFUSALS, Refusals
from tests.support.build import START

CHAT = Endpoint("slack", "#ops", "BOT", "5a0c")
HOOK = Endpoint("webhook", "hook", "URL", "77", "TOKEN", "KEY")
OUT = Refused("not_found", "not_in_channel", permanent=True)
REVOKED = Refused("auth", "token_revoked", permanent=True)
PROXY = Refused("proxy", "HTTP 407", permanent=True)
CONTENT = Refused("invalid", "no_text", permanent=True)
TAKEN = Delivered(MessageRef("1", "C1"))


def after(*answers: tuple[str, Answer, int], endpoint: Endpoint = CHAT) -> Refusals:
    """The record after answers to these ledgers at these times."""
    refusals = NO_REFUSALS
    for key, answer, at in answers:
        admission = admit(refusals, endpoint, key, START + at)
        refusals = after_answer(admission.refusals or refusals, endpoint, key, answer, "mark", START + at)
    return refusals


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("auth", "credential slack BOT"),
        ("not_found", "place slack BOT #ops"),
        ("sender", "place slack BOT #ops"),
        ("redirected", "place slack BOT #ops"),
        ("proxy", "proxy slack BOT"),
        ("credential_changed", "replaced slack BOT 5a0c"),
        ("invalid", ""),
        ("no_destination", ""),
    ],
)
def test_a_reason_has_one_cause_or_concerns_its_own_content(reason: str, cause: str) -> None:
    assert cause_of(reason, CHAT) == cause
    assert cause_of_dead_letter(Ledger("i1", "chat", "chat", CHAT, dead=reason)) == cause
    assert cause_of(reason, None) == ""


def test_a_ledger_without_a_dead_letter_has_no_cause() -> None:
    assert cause_of_dead_letter(Ledger("i1", "chat", "chat", CHAT)) == ""


def test_the_first_refusal_opens_its_cause_and_names_every_credential_that_went_along() -> None:
    (refusal,) = after(("i1|hook", REVOKED, 0), endpoint=HOOK).causes.values()
    assert refusal.secrets == ("URL", "TOKEN", "KEY")
    assert (refusal.reason, refusal.detail, refusal.mark) == ("auth", "token_revoked", "mark")
    assert refusal.next_try == START + MINUTE


@pytest.mark.parametrize(
    "answer", [CONTENT, Refused("unavailable"), Unanswered("timeout"), Refused("gone", gone=True), TAKEN]
)
def test_nothing_else_opens_one(answer: Answer) -> None:
    assert after(("i1|chat", answer, 0)) is NO_REFUSALS


def test_a_refusal_that_says_when_to_come_again_is_not_asked_before() -> None:
    (refusal,) = after(
        ("i1|chat", Refused("not_found", permanent=True, retry_after=5 * MINUTE), 0)
    ).causes.values()
    assert refusal.next_try == START + 5 * MINUTE


def test_no_news_asks_before_the_vendor_wants_to_be_asked() -> None:
    hours = Refused("auth", "HTTP 401", permanent=True, retry_after=60 * MINUTE)
    standing = after(("i1|chat", hours, 0))
    assert admit(standing, CHAT, "i2|chat", START + 59 * MINUTE).withheld is not None
    assert admit(standing, CHAT, "i2|chat", START + 60 * MINUTE).withheld is None


def test_a_later_refusal_without_a_time_asks_as_ever() -> None:
    hours = Refused("auth", "HTTP 401", permanent=True, retry_after=60 * MINUTE)
    standing = after(("i1|chat", hours, 0), ("i2|chat", REVOKED, 60 * MINUTE))
    (refusal,) = standing.causes.values()
    assert (refusal.not_before, refusal.next_try) == (0, START + 62 * MINUTE)


def test_what_becomes_due_meanwhile_is_refused_as_the_first_one_was() -> None:
    standing = after(("i1|chat", OUT, 0))
    assert admit(standing, CHAT, "i2|chat", START + SECOND).withheld == OUT


def test_what_becomes_due_a_while_later_asks_and_keeps_all_others_waiting() -> None:
    standing = after(("i1|chat", OUT, 0))
    asks = admit(standing, CHAT, "i2|chat", START + 15 * SECOND)
    assert asks.withheld is None
    assert asks.refusals is not None
    assert admit(asks.refusals, CHAT, "i3|chat", START + 40 * SECOND).withheld == OUT
    assert admit(asks.refusals, CHAT, "i2|chat", START + 40 * SECOND) is ADMITTED
    later = START + 15 * SECOND + PATIENCE_MS
    assert admit(asks.refusals, CHAT, "i3|chat", later).withheld is None


def test_a_refusal_that_was_under_way_already_changes_nothing() -> None:
    standing = after(("i1|chat", OUT, 0))
    assert after_answer(standing, CHAT, "i2|chat", OUT, "mark", START + SECOND) is standing


@pytest.mark.parametrize(
    ("before", "answer", "works"),
    [
        (PROXY, REVOKED, ["proxy slack BOT"]),
        (PROXY, OUT, ["proxy slack BOT"]),
        (REVOKED, OUT, ["credential slack BOT"]),
        (OUT, REVOKED, []),
        (REVOKED, PROXY, []),
        (OUT, TAKEN, ["place slack BOT #ops"]),
        (PROXY, TAKEN, ["proxy slack BOT"]),
    ],
)
def test_who_refuses_later_on_the_way_shows_that_those_before_let_it_pass(
    before: Refused, answer: Answer, works: list[str]
) -> None:
    refusals = after(("i1|chat", before, 0), ("i2|chat", answer, MINUTE))
    assert [cause for cause, refusal in refusals.causes.items() if refusal.works] == works


def test_a_probe_in_vain_counts_and_one_whose_content_is_refused_does_not() -> None:
    vain = after(("i1|chat", OUT, 0), ("i2|chat", OUT, 15_000)).causes["place slack BOT #ops"]
    assert (vain.tries, vain.probe, vain.next_try) == (1, "", START + 15 * SECOND + 45 * SECOND)
    content = after(("i1|chat", OUT, 0), ("i2|chat", CONTENT, 15_000)).causes["place slack BOT #ops"]
    assert (content.tries, content.probe, content.next_try) == (0, "", START + 15 * SECOND)


def test_a_probe_that_nobody_answers_goes_on() -> None:
    pending = after(("i1|chat", OUT, 0), ("i2|chat", Unanswered("timeout"), 15_000))
    assert pending.causes["place slack BOT #ops"].probe == "i2|chat"


def test_a_destination_that_worked_and_refuses_again_begins_anew() -> None:
    again = after(("i1|chat", OUT, 0), ("i2|chat", TAKEN, 15_000), ("i3|chat", OUT, 20_000))
    (refusal,) = again.causes.values()
    assert (refusal.works, refusal.tries, refusal.since) == (False, 0, START + 20 * SECOND)


def test_another_channel_and_another_credential_are_not_concerned() -> None:
    standing = after(("i1|chat", OUT, 0))
    for other in (Endpoint("slack", "#dev", "BOT", ""), Endpoint("slack", "#ops", "OTHER", "")):
        assert admit(standing, other, "i2|chat", START) is ADMITTED

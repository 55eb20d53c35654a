"""When a destination that refuses everything is asked again, and with what."""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.delivery.probes import (
    PATIENCE_MS,
    adopt,
    ask_by_hand,
    begin_probe,
    is_due,
    most_urgent_first,
    put_off,
    wait_after,
)
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.ledger import Endpoint, LastNotified, Ledger
from gateway.model.refusals import NO_REFUSALS, Refusal, Refusals, RefusalScope
from gateway.model.severity import Severity
from tests.support.build import START

REFUSAL = Refusal("credential", "auth", "token_revoked", ("BOT",), "mark", START, START, START + MINUTE)
RECORD = Refusals({"credential slack BOT": REFUSAL})


@pytest.mark.parametrize(
    ("scope", "minutes"),
    [
        (RefusalScope.CREDENTIAL, [1, 2, 5, 10, 10, 10]),
        (RefusalScope.PROXY, [1, 2, 5, 10, 10, 10]),
        (RefusalScope.PLACE, [0.25, 0.75, 2, 5, 10, 10]),
    ],
)
def test_the_waits_grow_to_ten_minutes(scope: RefusalScope, minutes: list[float]) -> None:
    assert [wait_after(scope, tries) / MINUTE for tries in range(6)] == minutes


def test_the_vendor_may_ask_for_a_longer_wait_and_not_for_a_shorter_one() -> None:
    assert wait_after(RefusalScope.PROXY, 0, 3 * MINUTE) == 3 * MINUTE
    assert wait_after(RefusalScope.PROXY, 0, SECOND) == MINUTE


@pytest.mark.parametrize(
    ("changed", "mark", "at", "due"),
    [
        pytest.param({}, "mark", 59 * SECOND, False, id="not before its time"),
        pytest.param({}, "mark", MINUTE, True, id="at its time"),
        pytest.param({}, "new", SECOND, True, id="at once with another credential"),
        pytest.param(
            {"earlier_marks": ("new",)}, "new", SECOND, False, id="once at once with each credential"
        ),
        pytest.param(
            {"not_before": START + MINUTE}, "new", 59 * SECOND, False, id="not before the vendor's time"
        ),
        pytest.param(
            {"not_before": START + MINUTE}, "new", MINUTE, True, id="at the vendor's time with another"
        ),
        pytest.param({"works": True}, "new", HOUR, False, id="not while its dead letters are being sent"),
        pytest.param({"probe": "i1|chat"}, "new", SECOND, False, id="not while one asks"),
        pytest.param({"probe": "i1|chat"}, "mark", PATIENCE_MS, True, id="when that one was not answered"),
    ],
)
def test_a_cause_is_due(changed: dict[str, object], mark: str, at: int, due: bool) -> None:
    assert is_due(msgspec.structs.replace(REFUSAL, **changed), mark, START + at) is due


def test_the_most_severe_goes_first_then_the_oldest() -> None:
    def letter(name: str, severity: Severity, since: int) -> Ledger:
        return Ledger(
            name, "chat", "chat", refused=LastNotified(severity=severity), failing_since=START + since
        )

    letters = [
        letter("new", Severity.WARNING, 9),
        letter("old", Severity.WARNING, 1),
        letter("worst", Severity.CRITICAL, 20),
    ]
    assert [ledger.incident for ledger in most_urgent_first(letters)] == ["worst", "old", "new"]


def test_a_probe_by_hand_leaves_one_alone_whose_answer_is_about_to_come() -> None:
    asked = ask_by_hand(RECORD, "credential slack BOT", "i1|chat", START + SECOND)
    assert asked.causes["credential slack BOT"].probe == "i1|chat"
    assert ask_by_hand(asked, "credential slack BOT", "i2|chat", START + 2 * SECOND) is asked
    assert ask_by_hand(asked, "credential slack BOT", "i2|chat", START + 30 * SECOND) is not asked
    assert ask_by_hand(RECORD, "", "i1|chat", START) is RECORD


def test_a_probe_knows_with_which_credential_it_asks() -> None:
    asked = begin_probe(RECORD, "credential slack BOT", "i1|chat", "new", START + SECOND)
    assert asked.causes["credential slack BOT"].mark == "new"
    waits = put_off(RECORD, "credential slack BOT", "new", START + HOUR)
    assert (waits.causes["credential slack BOT"].mark, waits.causes["credential slack BOT"].next_try) == (
        "new",
        START + HOUR,
    )


def test_the_credentials_of_the_last_tries_are_remembered_and_no_more_than_a_few() -> None:
    refusal = REFUSAL
    for mark in ("new", "mark", *(f"m{number}" for number in range(20)), "m18"):
        refusal = refusal.tried_with(mark)
    assert refusal.mark == "m18"
    assert refusal.earlier_marks == (*(f"m{number}" for number in range(11, 18)), "m19")
    assert not refusal.was_tried_with("mark")


def test_a_dead_letter_that_no_record_knows_of_is_asked_with_at_once() -> None:
    endpoint = Endpoint("slack", "#ops", "BOT", "5a0c")
    letter = Ledger(
        "i1", "chat", "chat", endpoint, dead="auth", error="token_revoked", failing_since=START - HOUR
    )
    adopted = adopt(NO_REFUSALS, {"credential slack BOT": letter}, {"credential slack BOT": "mark"}, START)
    refusal = adopted.causes["credential slack BOT"]
    assert (refusal.since, refusal.detail, is_due(refusal, "mark", START)) == (
        START - HOUR,
        "token_revoked",
        True,
    )
    assert adopt(adopted, {"credential slack BOT": letter}, {}, START) is adopted

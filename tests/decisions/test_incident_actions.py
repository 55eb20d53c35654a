"""A person acknowledges an incident, gives it back, closes it by hand, or has a dead letter tried again."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from gateway.decisions.delivery.failure import fall_back
from gateway.decisions.incident_actions import acknowledge, close, pressed_too_late, retry, unacknowledge
from gateway.model.durations import HOUR, MINUTE
from gateway.model.incident import Acknowledgement, Closure, Incident
from gateway.model.ledger import Intent, LastNotified, Ledger, MessageRef, Part
from gateway.model.people import Press
from gateway.model.severity import Severity
from tests.decisions.cases import acknowledged, alert, closed, incident
from tests.support.build import START

NOW = START + MINUTE
WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL
OPEN = incident(alert(), alert("Disk", severity=WARNING))
FIRING = [alert(), alert("Disk", severity=WARNING)]


def changed(result: Incident | str) -> Incident:
    assert isinstance(result, Incident), result
    return result


def replaced(**more: object) -> Incident:
    return msgspec.structs.replace(OPEN, **more)


# Acknowledge


def test_an_acknowledgement_says_who_when_and_at_which_severity() -> None:
    assert changed(acknowledge(OPEN, FIRING, "ann", NOW)).acknowledged == Acknowledgement(
        "ann", NOW, CRITICAL
    )


def test_an_acknowledgement_is_measured_by_what_fires_not_by_what_fired() -> None:
    found = changed(acknowledge(OPEN, [alert("Disk", severity=WARNING)], "ann", NOW))
    assert found.acknowledged is not None
    assert found.acknowledged.severity is WARNING


def test_somebody_else_may_take_over() -> None:
    found = changed(acknowledge(replaced(acknowledged=acknowledged(at=0)), FIRING, "bob", NOW))
    assert found.acknowledged is not None
    assert found.acknowledged.by == "bob"


def test_what_is_quiet_may_be_acknowledged() -> None:
    found = changed(acknowledge(replaced(firing=0), [], "ann", NOW))
    assert found.acknowledged == Acknowledgement("ann", NOW, Severity.NONE)


def test_an_acknowledgement_is_given_back() -> None:
    assert changed(unacknowledge(replaced(acknowledged=acknowledged(at=0)), NOW)).acknowledged is None


# Close by hand


def test_a_close_says_who_until_when_why_and_at_which_severity() -> None:
    found = changed(close(OPEN, FIRING, "ann", "known", HOUR, NOW))
    assert found.closed == Closure("ann", NOW, NOW + HOUR, CRITICAL, "known")


def test_a_close_is_no_end() -> None:
    found = changed(close(OPEN, FIRING, "ann", "", HOUR, NOW))
    assert (found.resolved_at, found.firing, found.members) == (None, OPEN.firing, OPEN.members)


def test_a_close_ends_an_acknowledgement() -> None:
    assert (
        changed(close(replaced(acknowledged=acknowledged(at=0)), FIRING, "ann", "", HOUR, NOW)).acknowledged
        is None
    )


# What may not be done

RESOLVED, CLOSED = replaced(resolved_at=START, firing=0), replaced(closed=closed(at=0))


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        pytest.param(lambda: acknowledge(RESOLVED, [], "bob", NOW), "resolved", id="acknowledge what is resolved"),
        pytest.param(lambda: acknowledge(CLOSED, FIRING, "bob", NOW), "closed by ann", id="acknowledge what is closed"),
        pytest.param(lambda: unacknowledge(OPEN, NOW), "nobody", id="give back what nobody has"),
        pytest.param(lambda: close(RESOLVED, [], "bob", "", HOUR, NOW), "nothing fires", id="close what is resolved"),
        pytest.param(lambda: close(replaced(firing=0), [], "bob", "", HOUR, NOW), "nothing fires", id="close what is quiet"),
        pytest.param(lambda: close(CLOSED, FIRING, "bob", "", HOUR, NOW), "already closed by ann", id="close it twice"),
        pytest.param(lambda: retry(Ledger("inc", "chat", "chat")), "no dead letter", id="retry what is not dead"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_answered_with_a_sentence_that_says_why(
    act: Callable[[], object], sentence: str
) -> None:
    answer = act()
    assert isinstance(answer, str)
    assert sentence in answer


# An action is news


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda: acknowledge(OPEN, FIRING, "ann", NOW), id="acknowledge"),
        pytest.param(
            lambda: unacknowledge(replaced(acknowledged=acknowledged(at=0)), NOW), id="unacknowledge"
        ),
        pytest.param(lambda: close(OPEN, FIRING, "ann", "", HOUR, NOW), id="close"),
    ],
)
def test_an_action_is_a_new_revision_of_its_incident(act: Callable[[], Incident | str]) -> None:
    found = changed(act())
    assert (found.revision, found.last_change_at) == (OPEN.revision + 1, NOW)


def test_an_action_is_no_new_alert() -> None:
    """The time in which others may join is not drawn out by it."""
    assert changed(acknowledge(OPEN, FIRING, "ann", NOW)).last_new_at == OPEN.last_new_at


# A dead letter


def test_a_retried_dead_letter_starts_from_nothing() -> None:
    dead = Ledger("inc", "chat", "chat", dead="auth", error="invalid_auth", attempts=9, next_try=START + HOUR)
    found = retry(dead)
    assert isinstance(found, Ledger)
    assert (found.dead, found.attempts, found.next_try) == ("", 0, None)


def test_a_retried_dead_letter_keeps_what_is_known_of_its_target() -> None:
    dead = Ledger("inc", "chat", "chat", dead="auth", generation=3, failing_since=START, fell_back_at=START)
    found = retry(dead)
    assert isinstance(found, Ledger)
    assert (found.generation, found.fell_back_at, found.failing_since) == (3, START, START)
    assert fall_back(found, MINUTE, NOW).fell_back_at == START


# Press


PRESS = Press("mark", 2, "1700000000.000100", "C1")
POSTED = Ledger("inc", "chat", "chat", generation=2, message_ref=MessageRef(PRESS.message, PRESS.channel))
SENT = Intent("a1", START, Part.MESSAGE, 2, 1, LastNotified())


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(POSTED, id="its message stands there"),
        pytest.param(Ledger("inc", "chat", "chat", intent=SENT), id="its message has just been sent"),
        pytest.param(
            Ledger("inc", "chat", "chat", unconfirmed=(SENT,)), id="the answer to its message was lost"
        ),
    ],
)
def test_a_press_on_the_message_that_tells_of_the_incident_counts(told: Ledger) -> None:
    assert pressed_too_late([told], PRESS) == ""


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(msgspec.structs.replace(POSTED, generation=3), id="a later generation is told of"),
        pytest.param(
            Ledger("inc", "chat", "chat", intent=msgspec.structs.replace(SENT, generation=3)),
            id="a later generation is being told of",
        ),
        pytest.param(
            Ledger("inc", "chat", "chat", intent=msgspec.structs.replace(SENT, creates_message=False)),
            id="no message is made",
        ),
        pytest.param(
            Ledger("inc", "chat", "chat", intent=msgspec.structs.replace(SENT, part=Part.REPLY)),
            id="a reply is under way",
        ),
    ],
)
def test_a_press_on_any_other_message_comes_too_late(told: Ledger) -> None:
    assert pressed_too_late([told], PRESS)

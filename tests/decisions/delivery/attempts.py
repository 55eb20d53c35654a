"""Ledgers after sends, answers and looks: tests name the answers and the times."""

from __future__ import annotations

from gateway.decisions.delivery.intents import begin
from gateway.decisions.delivery.next_step import Rest, Step, next_step
from gateway.decisions.delivery.read_back import looked
from gateway.decisions.delivery.settle import settle
from gateway.decisions.notification.view import View
from gateway.model.alert import Alert
from gateway.model.ledger import Endpoint, Ledger, MessageRef, Note
from gateway.model.notification import Answer, Look, Refused, Unanswered
from tests.decisions.cases import BY_PAGERDUTY, BY_SLACK, alert, seen_by
from tests.decisions.cases import telling_of as compose
from tests.support.build import START

AWAY = Refused("unavailable")
INVALID = Refused("invalid", "the channel is archived", permanent=True)
REVOKED = Refused("auth", "token_revoked", permanent=True)
TIMEOUT = Unanswered("timeout")
SAID = Note("Resolved")
LATE = MessageRef("0.9", "C1")


def empty(target: str = "chat") -> Ledger:
    return Ledger("inc", target, target)


def view_of(ledger: Ledger, *alerts: Alert, at: int) -> View:
    return seen_by(ledger.target, *alerts, at=at, ledgers=(ledger,))


def is_final(found: Step) -> bool:
    return isinstance(found, Rest) and found.until is None


def step(ledger: Ledger, *alerts: Alert, at: int) -> Step:
    view = view_of(ledger, *(alerts or (alert(),)), at=at)
    return next_step(view.ledger, view, START + at, looks=ledger.target == "chat")


def begun(
    ledger: Ledger, *alerts: Alert, at: int, attempt: str = "a1", endpoint: Endpoint | None = None
) -> Ledger:
    view = view_of(ledger, *(alerts or (alert(),)), at=at)
    usual = BY_SLACK if ledger.target == "chat" else BY_PAGERDUTY
    return begin(
        ledger,
        compose(view, *(alerts or (alert(),)), at=at),
        view.desired,
        endpoint or usual,
        attempt,
        START + at,
    )


def answered(ledger: Ledger, answer: Answer, *alerts: Alert, at: int, attempt: str = "a1", answered_at: int | None = None) -> Ledger:  # fmt: skip
    """The ledger after one send at that time and its answer."""
    sent = begun(ledger, *alerts, at=at, attempt=attempt)
    notification = compose(view_of(sent, *(alerts or (alert(),)), at=at), *(alerts or (alert(),)), at=at)
    return settle(
        sent,
        notification,
        answer,
        START + (at if answered_at is None else answered_at),
        looks=ledger.target == "chat",
        notes=ledger.target == "chat",
    )


def looked_back(ledger: Ledger, look: Look, *alerts: Alert, at: int) -> Ledger:
    notification = compose(view_of(ledger, *(alerts or (alert(),)), at=at), *(alerts or (alert(),)), at=at)
    return looked(ledger, notification, look, START + at)

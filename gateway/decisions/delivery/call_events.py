"""The events of a send that its vendor has taken: the page that it begins, and the call that it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.decisions.delivery.alert_subject import TEAM, partition_text
from gateway.decisions.delivery.escalation_facts import escalated_by
from gateway.decisions.delivery.thread_notes import REMINDER, RINGS_AGAIN, STANDS_IN
from gateway.decisions.notification.view import View
from gateway.model.credentialed import LOG
from gateway.model.incident import Incident
from gateway.model.ledger import Intent, Ledger, NotifiedState, Part
from gateway.model.notification import AlertLine, Notification
from gateway.model.own_alert import is_own
from gateway.model.rules.rulebook import LabelRules
from gateway.model.statistics.draw import draw_of
from gateway.model.statistics.events import AnyEvent, Call, CallKind, Page, RuleRef, page_id

# `name (file:line)`, as a rule is named in messages
_NAMED = re.compile(r"(?P<name>.*) \((?P<file>.*):(?P<line>\d+)\)", re.DOTALL)

REPLY_KINDS: Mapping[str, CallKind] = {kind: kind for kind in (REMINDER, STANDS_IN, RINGS_AGAIN)}
"""The calls that a reply may be by itself, by the word of its note."""


@dataclass(frozen=True, slots=True)
class SettledSend:
    """A send that was settled: the ledger before it and after it, its intent, and what was sent (None for a
    reply).
    """

    view: View
    incident: Incident
    before: Ledger
    after: Ledger
    notification: Notification | None
    intent: Intent


def settlement_events(
    sent: SettledSend, seed: str, labels: LabelRules, partition_by: Sequence[str] = ()
) -> Iterator[AnyEvent]:
    """Yield the page and the call of a send that called somebody; nothing for any other send.

    `seed` is the store's, from which a page's draw is made.
    """
    if sent.intent.part is Part.REPLY:
        yield from _call_of_reply(sent)
        return
    kind = _call_kind(sent)
    if kind is None or sent.notification is None:
        return
    after = sent.after
    page = page_id(after.incident, after.target, after.life)
    if _begins_page(sent):
        first = next((member.alert for member in sent.view.members), None)
        partition = partition_text(first, labels, partition_by) if first is not None else ""
        yield _page(sent, sent.notification, page, seed, partition)
    yield _call(sent, f"{page}|{after.generation}|{after.paged_at}", kind)


def _call_of_reply(sent: SettledSend) -> Iterator[Call]:
    """Yield the call that a reply is: a new one, with a mention, for which no message has called already."""
    ringing = next((note for note in sent.intent.notes if note.call in REPLY_KINDS), None)
    # The edit of a reply calls nobody, and where the rules
    # name nobody to mention, nobody hears of the new one.
    if ringing is None or not sent.intent.creates_message or not _mentions(sent):
        return
    kind, generation = REPLY_KINDS[ringing.call], sent.intent.generation
    page = page_id(sent.after.incident, sent.after.target, max(1, sent.after.life))
    yield _call(sent, f"{page}|{generation}|{kind}|{ringing.at}", kind)


def _call(sent: SettledSend, name: str, kind: CallKind) -> Call:
    before, after = sent.before, sent.after
    return Call(
        id=name,
        at=0,
        shard=0,
        seq=0,
        page=page_id(after.incident, after.target, max(1, after.life)),
        call_kind=kind,
        step=_step(sent) if kind == "escalation" else None,
        fallback_of=next((target for target, failing in after.last_notified.covers.items() if failing), None)
        if kind == "fallback"
        else None,
        duplicate=False,
        sent_at=sent.intent.at,
        # A post of Slack's is there when it has answered; PagerDuty only says that it has taken the event.
        confirmed=before.endpoint is not None and before.endpoint.kind == "slack",
    )


def _call_kind(sent: SettledSend) -> CallKind | None:
    """Return why the send called somebody, None where it called nobody."""
    before, after = sent.before, sent.after
    told = after.last_notified
    if not told.paged or told.state is not NotifiedState.FIRING or after.paged_at in (None, before.paged_at):
        return None
    if not _interrupts(sent):
        return None
    if after.life > max(1, before.life):
        return "again"
    if not _begins_page(sent):
        return "rise"  # the same life rings once more, as under a new key
    if any(told.covers.values()):
        return "fallback"
    if _step(sent) is not None:
        return "escalation"
    # What nobody answered before is only assumed to be known.
    is_known = before.notified_at is not None and before.last_notified.state is NotifiedState.FIRING
    return "late" if is_known else "first"


def _begins_page(sent: SettledSend) -> bool:
    return sent.after.page_began_at != sent.before.page_began_at


def _interrupts(sent: SettledSend) -> bool:
    """Return whether the destination calls somebody."""
    destination = sent.view.destination
    if destination is None or _is_logged(sent):
        return False
    return destination.via.calls_when_paged


def _mentions(sent: SettledSend) -> bool:
    destination = sent.view.destination
    return destination is not None and bool(destination.via.mentions) and not _is_logged(sent)


def _is_logged(sent: SettledSend) -> bool:
    return sent.after.endpoint is None or sent.after.endpoint.kind == LOG


def _step(sent: SettledSend) -> int | None:
    """Return the number of the step that brought the target in, None where its route names it itself."""
    recipient = escalated_by(sent.view)
    return recipient.step if recipient is not None else None


def _page(sent: SettledSend, notification: Notification, page: str, seed: str, partition: str) -> Page:
    view, after = sent.view, sent.after
    first = notification.lines[0] if notification.lines else None
    route = next((recipient.route for recipient in view.recipients if recipient.page), None)
    return Page(
        id=page,
        at=0,
        shard=0,
        seq=0,
        incident=after.incident,
        target=after.target,
        destination=after.destination,
        life=after.life,
        draw=draw_of(seed, page),
        started_at=notification.started_at,
        route=route.name if route is not None else None,
        correlate_rule=rule_ref(sent.incident.rule),
        alertname=_name(first),
        alertnames=tuple(sorted({name for line in notification.lines if (name := _name(line))})),
        service=notification.service or None,
        thing=notification.thing or None,
        scope=(first.scope or None) if first is not None else None,
        partition=partition,
        team=_team(route.owner if route is not None else "", first),
        severity=notification.severity.word,
        own=any(is_own(member.alert) for member in view.members),
    )


def _name(line: AlertLine | None) -> str | None:
    return (line.alertname or line.name) if line is not None else None


def _team(owner: str, line: AlertLine | None) -> str | None:
    return owner or (line.labels.get(TEAM) if line is not None else None) or None


def rule_ref(described: str) -> RuleRef | None:
    """Read `name (file:line)`; a built-in rule has neither file nor line."""
    if not described:
        return None
    found = _NAMED.fullmatch(described)
    return RuleRef(found["name"], found["file"], int(found["line"])) if found else RuleRef(described)

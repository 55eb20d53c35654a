"""The text of a mail, plain and as HTML: first what, how bad and since when, last who sent it and why.

Both parts are made from one `Content`, whose texts are raw. In HTML every value is escaped; no text of a
label or an annotation becomes a link, an image or a style.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.model.durations import spoken
from gateway.model.instants import instant
from gateway.model.ledger import Note, NotifiedState
from gateway.model.notification import AlertLine, Notification
from gateway.outbound.signs import SEVERITY_SIGNS, STATE_SIGNS, STATE_WORDS, quieted_state
from gateway.outbound.wording import (
    in_all_of,
    not_sent,
    own_labels,
    place,
    severity_sent,
    shared_labels,
    shorten,
    shown_said,
    tame,
    web_address,
)

ALERTS_SHOWN, LABELS_SHOWN, SENTENCES_SHOWN = 50, 12, 5
MAX_TITLE, MAX_VALUE, MAX_SENTENCE, MAX_URL = 150, 200, 1_000, 2_000  # characters


@dataclass(frozen=True, slots=True)
class Content:
    """The parts of one mail in their order; `where` and `links` hold names and values."""

    headline: str
    facts: tuple[str, ...]
    where: tuple[tuple[str, str], ...] = ()
    alerts: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    footer: tuple[str, ...] = ()


def content_of(notification: Notification) -> Content:
    return Content(
        headline=headline(notification),
        facts=tuple(fact for fact in _facts(notification) if fact),
        where=tuple(_where(notification)),
        alerts=tuple(_alerts(notification)),
        links=tuple(_links(notification)),
        footer=tuple(_footer(notification)),
    )


def content_of_notes(notes: Sequence[Note], incident: str) -> Content:
    first, *others = (shorten(tame(note.text), MAX_SENTENCE) for note in notes)
    return Content(first, tuple(others), footer=(f"incident {_value(incident)}",))


def headline(notification: Notification) -> str:
    """Say the state, how bad it is and what it is about, in one line: it is the subject too."""
    title = shorten(tame(notification.title), MAX_TITLE)
    if notification.state in STATE_WORDS:
        return f"{STATE_SIGNS[notification.state]} {STATE_WORDS[notification.state]}: {title}"
    if (quieted := quieted_state(notification)) is not None:
        return f"{quieted[0]} {quieted[1]}: {title}"
    again = ", again" if notification.generation > 1 else ""
    return f"{SEVERITY_SIGNS[notification.severity]} {notification.severity.word.upper()}{again}: {title}"


def _value(text: str) -> str:
    return shorten(tame(text), MAX_VALUE)


def _moment(milliseconds: int) -> str:
    """The date stands there too: a mail may be read days later."""
    return instant(milliseconds).strftime("%Y-%m-%d %H:%M UTC")


def _where(notification: Notification) -> Iterator[tuple[str, str]]:
    where, (shown, more) = place(notification), shared_labels(notification, LABELS_SHOWN)
    rows = (("where", where), *shown, ("more", more))
    yield from ((_value(name), _value(value)) for name, value in rows if value)


def _facts(notification: Notification) -> Iterator[str]:
    yield _when(notification)
    said, more = shown_said(notification, SENTENCES_SHOWN)
    yield from (shorten(tame(sentence), MAX_SENTENCE) for sentence in said)
    yield more
    yield _value(severity_sent(notification.severity, notification.sent_severity))
    yield _count(notification)
    yield _who(notification)
    if notification.quieted is not None:
        part = f"{notification.quieted.part}: " if notification.quieted.part else ""
        yield f"🔕 {part}{_value(notification.quieted.in_words(notification.at))}"
    if notification.hidden is not None:
        yield f"🔔 Told only now: {_value(notification.hidden.in_words(notification.at))}"
    if notification.reason:
        yield _value(notification.reason)
    # Mails are few on purpose, so the reader is told that this one skips states in between.
    if notification.left_out:
        changes = "update was" if notification.left_out == 1 else "updates were"
        yield f"{notification.left_out} {changes} left out since the last mail; this is how it stands now"


def _when(notification: Notification) -> str:
    since = _moment(notification.started_at)
    said = notification.often.how_often() if notification.often is not None else ""
    often = f"; {said}" if said else ""
    match notification.state:
        case NotifiedState.ENDED:
            ended_at = notification.ended_at or notification.at
            lasted = spoken(ended_at - notification.started_at)
            return f"Fired {since}, ended {_moment(ended_at)}: it took {lasted}{often}"
        # A person closed the incident, the alert goes on: the reader must not take the problem for solved.
        case NotifiedState.CLOSED:
            who = _value(notification.closed_by or "hand")
            return f"Firing since {since}; closed by {who} while it still fires"
        case NotifiedState.MOVED:
            moved_to = _value(notification.moved_to) or "no rule tells it here any longer"
            return f"Firing since {since}; {moved_to}"
        case _:
            return f"Firing since {since} ({spoken(notification.at - notification.started_at)}){often}"


def _count(notification: Notification) -> str:
    missing = not_sent(notification)
    if notification.alerts < 2:
        return missing
    counts = {"firing": notification.firing, "ended": notification.ended, "moved": notification.moved}
    counted = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    parts = (f"{notification.alerts} alerts: {counted}", in_all_of(notification), missing)
    return ", ".join(part for part in parts if part)


def _who(notification: Notification) -> str:
    if notification.state is not NotifiedState.FIRING:
        return ""
    if notification.acknowledged_by:
        return f"{_value(notification.acknowledged_by)} has it since {_moment(notification.acknowledged_at or notification.at)}"
    if notification.all_quiet:
        return ""
    return "Nobody has it yet" + (f" (owner: {_value(notification.owner)})" if notification.owner else "")


def _alerts(notification: Notification) -> Iterator[str]:
    for line in notification.lines[:ALERTS_SHOWN]:
        yield _alert(line, notification)
    rest = notification.alerts - len(notification.lines[:ALERTS_SHOWN])
    if rest > 0:
        yield f"… and {rest} more"


def _alert(line: AlertLine, notification: Notification) -> str:
    own, more = own_labels(line, notification, LABELS_SHOWN)
    labels = "".join(f" {_value(name)}={_value(value)}" for name, value in own)
    labels += f" {more}" if more else ""
    often = line.often.how_often() if line.often is not None else ""
    labels += f" ({often})" if often else ""
    name = _value(line.name)
    if line.ended_at:
        return f"✅ {name}{labels}, ended {_moment(line.ended_at)}"
    # It may still fire: whoever reads this must not take it for resolved.
    if line.moved:
        return f"{STATE_SIGNS[NotifiedState.MOVED]} {name}{labels}, told here no longer"
    kept = f", {_value(line.silenced_after_notify)}" if line.silenced_after_notify else ""
    sign = "🔕" if kept else SEVERITY_SIGNS[line.severity]
    return f"{sign} {name}{labels} since {_moment(line.started_at)}{kept}"


def _links(notification: Notification) -> Iterator[tuple[str, str]]:
    """Yield the first of each kind that is an address of http(s)."""
    found: set[str] = set()
    for name, url in _addresses(notification):
        if name not in found and (address := web_address(url, MAX_URL)):
            found.add(name)
            yield name, address


def _addresses(notification: Notification) -> Iterator[tuple[str, str]]:
    for line in notification.lines[:ALERTS_SHOWN]:
        yield from (("Runbook", line.runbook), ("Dashboard", line.dashboard), ("Source", line.source))
    yield "Incident", notification.link


def _footer(notification: Notification) -> Iterator[str]:
    yield f"incident {_value(notification.incident)}"
    if notification.rule:
        yield f"by rule {_value(notification.rule)}"
    if notification.previous:
        yield f"goes on from {_value(notification.previous)}"

"""The text of a mail, plain and as HTML: first what, how bad and since when, last who sent it and why.

Both parts are made from one `Content`, whose texts are raw. In HTML every value is escaped; no text of a
label or an annotation becomes a link, an image or a style.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from gateway.decisions.delivery.sentences import Moment, facts_of, in_words
from gateway.model.durations import spoken
from gateway.model.instants import instant
from gateway.model.ledger import Note
from gateway.model.notification import Notification
from gateway.outbound.alert_rows import alert_rows
from gateway.outbound.signs import SEVERITY_SIGNS, final_state, quieted_state
from gateway.outbound.wording import (
    links_of,
    place,
    severity_sent,
    shared_labels,
    shorten,
    shown_said,
    tame,
    unlinked_runbook,
)

ROWS_SHOWN, LABELS_SHOWN, SENTENCES_SHOWN = 50, 12, 5
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
        links=tuple(links_of(notification, MAX_URL)[0].items()),
        footer=tuple(_footer(notification)),
    )


def content_of_notes(notes: Sequence[Note], incident: str) -> Content:
    first, *others = (shorten(tame(note.text), MAX_SENTENCE) for note in notes)
    return Content(first, tuple(others), footer=(f"incident {_value(incident)}",))


def headline(notification: Notification) -> str:
    """Say the state, how bad it is and what it is about, in one line: it is the subject too."""
    title = shorten(tame(notification.title), MAX_TITLE)
    if (over := final_state(notification)) is not None:
        return f"{over[0]} {over[1]}: {title}"
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
    said, more = shown_said(notification, SENTENCES_SHOWN)
    yield from (shorten(tame(sentence), MAX_SENTENCE) for sentence in said)
    yield more

    def moment(part: Moment) -> str:
        ago = f" ({spoken(notification.at - part.at)})" if part.ago else ""
        return f"{_moment(part.at)}{ago}"

    yield from (in_words(sentence, _value, moment) for sentence in facts_of(notification).values())
    yield _value(severity_sent(notification.severity, notification.sent_severity))
    # A runbook that is no address cannot be followed, and says all the same where to look.
    runbook = _value(unlinked_runbook(notification))
    yield f"Runbook: {runbook}" if runbook else ""
    _, more_links = links_of(notification, MAX_URL)
    yield f"Links left out: {more_links}" if more_links else ""


def _alerts(notification: Notification) -> Iterator[str]:
    rest = notification.alerts
    for row in islice(alert_rows(notification, LABELS_SHOWN), ROWS_SHOWN):
        yield row.text
        rest -= row.alerts
    if rest > 0:
        yield f"… and {rest} more"


def _footer(notification: Notification) -> Iterator[str]:
    yield f"incident {_value(notification.incident)}"
    if notification.rule:
        yield f"by rule {_value(notification.rule)}"
    if notification.previous:
        yield f"goes on from {_value(notification.previous)}"

"""Render a notification as a Slack message, to be read on a phone at 3 a.m.

First comes what, where and how bad, last who sent it and why.

Limits: https://docs.slack.dev/reference/block-kit/blocks; the texts of all blocks together stay under 10,000
characters, since `msg_blocks_too_long` comes somewhere above 11,000 (bolt-js #2509).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.decisions.delivery.sentences import facts_of
from gateway.model.ledger import Note, NotifiedState
from gateway.model.notification import Notification
from gateway.outbound.signs import SEVERITY_SIGNS, final_state, quieted_state
from gateway.outbound.slack.facts import fact_blocks
from gateway.outbound.slack.links import link_blocks
from gateway.outbound.slack.members import MAX_MEMBERS, members_of
from gateway.outbound.slack.text import (
    fitting,
    joined,
    mention,
    mrkdwn_text,
    plain_text,
    running,
    section,
    unstyled,
)
from gateway.outbound.wording import (
    escalated,
    gist,
    literal,
    named_place,
    place,
    severity_sent,
    shared_labels,
    shorten,
    shown_said,
    tame,
)

MAX_HEADER = 150
MAX_NOTES = 2_900  # a reply's text, before "… and 3 more"
MAX_NOTE = 1_000
MAX_REPORT_PART = 2_000  # of a section of a weekly digest
MAX_TEXT = 600  # what a phone's notification may show
# The lengths of the other sections. MAX_MEMBERS holds the mentions too; all of it stays under 10,000.
MAX_MENTIONS, MAX_UNCALLED, MAX_FOOTER = 1_900, 30, 500  # mentions: there is room for 80 groups
MAX_SENTENCE, MAX_PLACE, MAX_VALUE = 500, 300, 120
LABELS_SHOWN, SENTENCES_SHOWN = 8, 3
SEPARATOR = "  ·  "

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rendered:
    """`text` is what notifications show; without `blocks` it is the whole message."""

    text: str
    blocks: tuple[Block, ...] = ()


def render(notification: Notification) -> Rendered:
    if notification.report:
        return _render_report(notification)
    texts = (
        mrkdwn_text(_mentions(notification)),
        plain_text(_said(notification)),
    )
    blocks = (
        {"type": "header", "text": plain_text(_headline(notification, MAX_HEADER))},
        *(section(text) for text in texts if text["text"]),
        *fact_blocks(facts_of(notification).values(), notification.at),
        *_plain_section(_where(notification)),
        *link_blocks(notification),
        *_plain_section(members_of(notification, MAX_MEMBERS - len(_mentions(notification)))),
        {"type": "context", "elements": [plain_text(_footer(notification))]},
    )
    return Rendered(_notification(notification), blocks)


def _render_report(notification: Notification) -> Rendered:
    """Render a weekly digest: nobody is called, and there is nothing to press."""
    parts = [shorten(tame(part), MAX_REPORT_PART) for part in notification.report]
    header = {"type": "header", "text": plain_text(shorten(tame(notification.title), MAX_HEADER))}
    text = running(notification.title, MAX_TEXT)
    return Rendered(text, (header, *(section(plain_text(part)) for part in parts if part)))


def render_plainly(notification: Notification) -> Rendered:
    """Render text alone, for a message whose blocks Slack refuses: no content may stop a notification."""
    if notification.report:
        said = "\n".join((notification.title, *notification.report))
        return Rendered(unstyled(shorten(tame(said), MAX_NOTES)))
    return Rendered(_notification(notification))


def render_notes(notes: Sequence[Note], mentions: Sequence[str]) -> Rendered:
    called = _called(mentions) if any(note.mention for note in notes) else ""
    shown = _fitting([running(note.text, MAX_NOTE) for note in notes], MAX_NOTES - len(called))
    literal = _fitting([shorten(tame(note.text), MAX_NOTE) for note in notes], MAX_NOTES)
    blocks = ([section(mrkdwn_text(called))] if called else []) + [*_plain_section(literal)]
    return Rendered("\n".join(part for part in (called, shown) if part), tuple(blocks))


def _fitting(lines: Sequence[str], most: int) -> str:
    shown = [line for at, line in enumerate(lines) if sum(map(len, lines[: at + 1])) + at <= most]
    more = [f"… and {len(lines) - len(shown)} more"] if len(shown) < len(lines) else []
    return "\n".join((*shown, *more))


def _plain_section(text: str) -> Iterator[Block]:
    if text:
        yield section(plain_text(text))


def _state(notification: Notification) -> tuple[str, str]:
    if (over := final_state(notification)) is not None:
        return over
    # It fires, and nobody is to be called about it: neither red nor resolved.
    if (quieted := quieted_state(notification)) is not None:
        return quieted
    # Nothing fires, but it may begin again: neither resolved nor worth the colour of its severity.
    if notification.quiet_until:
        return "⏳", "Quiet"
    return SEVERITY_SIGNS[notification.severity], notification.severity.word.upper()


def _headline(notification: Notification, most: int) -> str:
    sign, word = _state(notification)
    start = f"{sign} {word}: "
    return f"{start}{shorten(tame(notification.title), most - len(start))}"


def _notification(notification: Notification) -> str:
    """Say what, the facts of it, and where, in the order in which a phone cuts it off."""
    where = shorten(tame(named_place(notification)), MAX_PLACE)
    what = _headline(notification, 200)
    said = (what, escalated(notification), shorten(tame(gist(notification)), 250), where)
    text = running(" — ".join(part for part in said if part), MAX_TEXT)
    return joined((_mentions(notification), text), " ", MAX_MENTIONS + MAX_TEXT + 1)


def _mentions(notification: Notification) -> str:
    return (
        _called(notification.mentions)
        if notification.page and notification.state is NotifiedState.FIRING and not notification.all_quiet
        else ""
    )


def _called(mentions: Sequence[str]) -> str:
    # Whoever is not called for want of room is counted, so that somebody calls them.
    whom = [mention(name) for name in mentions]
    called = fitting(whom, " ", MAX_MENTIONS - MAX_UNCALLED)
    missing = [f"+{len(whom) - len(called)} not called"] if len(called) < len(whom) else []
    return " ".join((*called, *missing))


def _said(notification: Notification) -> str:
    said, more = shown_said(notification, SENTENCES_SHOWN)
    lines = [literal(sentence, MAX_SENTENCE) for sentence in said]
    return "\n".join(line for line in (*lines, more) if line)


def _where(notification: Notification) -> str:
    shown, more = shared_labels(notification, LABELS_SHOWN)
    where = shorten(tame(place(notification)), MAX_PLACE)
    labels = [f"{shorten(tame(name), 40)}={shorten(tame(value), MAX_VALUE)}" for name, value in shown]
    sent = shorten(tame(severity_sent(notification.severity, notification.sent_severity)), MAX_VALUE)
    return "\n".join(
        line
        for line in (where and f"Where: {where}", SEPARATOR.join([*labels, *([more] if more else [])]), sent)
        if line
    )


def _footer(notification: Notification) -> str:
    parts = [f"incident {shorten(tame(notification.incident), 60)}"]
    parts += [f"by rule {shorten(tame(notification.rule), 300)}"] if notification.rule else []
    parts += [f"goes on from {shorten(tame(notification.previous), 60)}"] if notification.previous else []
    parts += [f"trace {shorten(tame(notification.trace), 60)}"] if notification.trace else []
    return shorten(SEPARATOR.join(parts), MAX_FOOTER)

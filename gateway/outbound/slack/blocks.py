"""Render a notification as a Slack message, to be read on a phone at 3 a.m.

First comes what, where and how bad, last who sent it and why.

Limits: https://docs.slack.dev/reference/block-kit/blocks; the texts of all blocks together stay under 9,000
characters, since `msg_blocks_too_long` comes somewhere above 11,000 (bolt-js #2509).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.model.ledger import Note, NotifiedState
from gateway.model.notification import Notification
from gateway.outbound.signs import SEVERITY_SIGNS, STATE_SIGNS, STATE_WORDS, quieted_state
from gateway.outbound.slack.facts import facts_of
from gateway.outbound.slack.members import MEMBERS_SHOWN, members_of
from gateway.outbound.slack.text import joined, link, mention, plain
from gateway.outbound.wording import (
    gist,
    named_place,
    place,
    severity_sent,
    shared_labels,
    shorten,
    shown_said,
    tame,
    web_address,
)

MAX_HEADER = 150
MAX_NOTES = 2_900  # a reply's text, before "… and 3 more"
MAX_TEXT = 600  # what a phone's notification may show
# The lengths of the other sections: with MAX_MEMBERS they stay under 9,000 together.
MAX_MENTIONS, MAX_WHERE, MAX_LINKS, MAX_FOOTER = 500, 1_200, 1_800, 900
MAX_SENTENCE, MAX_PLACE, MAX_VALUE = 500, 300, 120
MAX_URL = 1_500
LABELS_SHOWN, SENTENCES_SHOWN = 8, 3
SEPARATOR = "  ·  "

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rendered:
    """`text` is what notifications show; without `blocks` it is the whole message."""

    text: str
    blocks: tuple[Block, ...] = ()


def render(notification: Notification) -> Rendered:
    texts = (
        _mrkdwn(_mentions(notification)),
        _plain(_said(notification)),
        _plain(_where(notification)),
        _mrkdwn(facts_of(notification)),
        _mrkdwn(members_of(notification)),
        _mrkdwn(_links(notification)),
    )
    header = {"type": "header", "text": _plain(_headline(notification, MAX_HEADER))}
    footer = {"type": "context", "elements": [_mrkdwn(_footer(notification))]}
    return Rendered(
        _notification(notification),
        (header, *({"type": "section", "text": text} for text in texts if text["text"]), footer),
    )


def render_plainly(notification: Notification) -> Rendered:
    """Render text alone, for a message whose blocks Slack refuses: no content may stop a notification."""
    return Rendered(_notification(notification))


def render_notes(notes: Sequence[Note], mentions: Sequence[str]) -> Rendered:
    called = _called(mentions) if any(note.mention for note in notes) else ""
    lines = [plain(note.text, 1_000) for note in notes]
    shown = [
        line
        for at, line in enumerate(lines)
        if sum(map(len, lines[: at + 1])) + at <= MAX_NOTES - len(called)
    ]
    more = [f"… and {len(lines) - len(shown)} more"] if len(shown) < len(lines) else []
    return Rendered("\n".join(part for part in (called, *shown, *more) if part))


def _mrkdwn(text: str) -> dict[str, Any]:
    """Verbatim: Slack makes no links, channels or mentions of words that only look like them."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _plain(text: str) -> dict[str, Any]:
    """Nothing in it acts: no mention, no style, and no `:word:` that becomes an emoji."""
    return {"type": "plain_text", "text": text, "emoji": False}


def _state(notification: Notification) -> tuple[str, str]:
    if notification.state in STATE_WORDS:
        return STATE_SIGNS[notification.state], STATE_WORDS[notification.state]
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
    said = (_headline(notification, 200), shorten(tame(gist(notification)), 250), where)
    text = plain(" — ".join(part for part in said if part), MAX_TEXT)
    return joined((_mentions(notification), text), " ", MAX_MENTIONS + MAX_TEXT + 1)


def _mentions(notification: Notification) -> str:
    return (
        _called(notification.mentions)
        if notification.page and notification.state is NotifiedState.FIRING and not notification.all_quiet
        else ""
    )


def _called(mentions: Sequence[str]) -> str:
    return joined((mention(name) for name in mentions), " ", MAX_MENTIONS)


def _said(notification: Notification) -> str:
    said, more = shown_said(notification, SENTENCES_SHOWN)
    lines = [shorten(tame(sentence), MAX_SENTENCE) for sentence in said]
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


def _links(notification: Notification) -> str:
    """Link the first valid URL of each kind (Runbook, Dashboard, Source), and the incident's own."""
    found: dict[str, str] = {}
    for name, url in _addresses(notification):
        if url and name not in found and (address := web_address(url, MAX_URL)):
            found[name] = link(address, name)
    return joined(found.values(), SEPARATOR, MAX_LINKS)


def _addresses(notification: Notification) -> Iterator[tuple[str, str]]:
    for line in notification.lines[:MEMBERS_SHOWN]:
        yield from (("Runbook", line.runbook), ("Dashboard", line.dashboard), ("Source", line.source))
    yield "Incident", notification.link


def _footer(notification: Notification) -> str:
    parts = [f"incident {plain(notification.incident, 60)}"]
    parts += [f"by rule {plain(notification.rule, 300)}"] if notification.rule else []
    parts += [f"goes on from {plain(notification.previous, 60)}"] if notification.previous else []
    parts += [plain(notification.reason, 300)] if notification.reason else []
    return joined(parts, SEPARATOR, MAX_FOOTER)

"""A telling as a Slack message: read on a phone at 3 a.m., first what, where and how bad, last who sent it
and why.

Limits: https://docs.slack.dev/reference/block-kit/blocks; the texts of all blocks together stay under 9,000
characters, since `msg_blocks_too_long` comes somewhere above 11,000 (bolt-js #2509).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.model.ledger import Note, NotifiedState
from gateway.model.notification import AlertLine, Notification
from gateway.model.severity import Severity
from gateway.outbound.slack.text import joined, link, mention, moment, plain
from gateway.outbound.wording import shorten, spoken, tame, web_address

MAX_HEADER = 150
MAX_NOTES = 2_900  # a reply's text, before "… and 3 more"
MAX_TEXT = 600  # what a phone's notification may show
# Of each section, so that all stay under 9,000 together.
MAX_MENTIONS, MAX_SUMMARY, MAX_WHERE, MAX_MEMBERS, MAX_LINKS, MAX_FOOTER = 500, 900, 1_400, 2_500, 1_800, 900
MAX_URL = 1_500
MEMBERS_SHOWN, WHERE_SHOWN, LABELS_SHOWN, SUMMARIES_SHOWN = 10, 8, 4, 2
SEPARATOR = "  ·  "

SEVERITY_SIGNS = {
    Severity.CRITICAL: "🔴",
    Severity.ERROR: "🟠",
    Severity.WARNING: "🟡",
    Severity.INFO: "🔵",
    Severity.NONE: "⚪",
}
STATE_SIGNS = {NotifiedState.ENDED: "✅", NotifiedState.CLOSED: "☑️", NotifiedState.MOVED: "➡️"}
STATE_WORDS = {
    NotifiedState.ENDED: "Resolved",
    NotifiedState.CLOSED: "Closed by hand",
    NotifiedState.MOVED: "Moved",
}

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rendered:
    """`text` is what notifications show; without `blocks` it is the whole message."""

    text: str
    blocks: tuple[Block, ...] = ()


def render(notification: Notification) -> Rendered:
    sections = (
        _mentions(notification),
        _summary(notification),
        _where(notification.where),
        _facts(notification),
        _members(notification),
        _links(notification),
    )
    header = {
        "type": "header",
        "text": {"type": "plain_text", "text": _headline(notification, MAX_HEADER), "emoji": True},
    }
    footer = {"type": "context", "elements": [_mrkdwn(_footer(notification))]}
    return Rendered(
        _notification(notification),
        (header, *({"type": "section", "text": _mrkdwn(text)} for text in sections if text), footer),
    )


def render_plainly(notification: Notification) -> Rendered:
    """Text alone, for a message whose blocks Slack does not take: content can never block a telling."""
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


def _state(notification: Notification) -> tuple[str, str]:
    if notification.state in STATE_WORDS:
        return STATE_SIGNS[notification.state], STATE_WORDS[notification.state]
    if notification.quiet_until:
        return "⏳", "Quiet"
    return SEVERITY_SIGNS[notification.severity], notification.severity.word.upper()


def _headline(notification: Notification, most: int) -> str:
    sign, word = _state(notification)
    more = (
        f" (+{notification.firing - 1})"
        if notification.firing > 1 and notification.state is NotifiedState.FIRING
        else ""
    )
    start = f"{sign} {word}: "
    return f"{start}{shorten(tame(notification.title), most - len(start) - len(more))}{more}"


def _notification(notification: Notification) -> str:
    place = ", ".join(
        f"{shorten(name, 60)}={shorten(value, 120)}" for name, value in list(notification.where.items())[:3]
    )
    summary = next((line.summary for line in notification.lines if line.summary), "")
    said = " — ".join(part for part in (_headline(notification, 300), place, summary) if part)
    return joined((_mentions(notification), plain(said, MAX_TEXT)), " ", MAX_MENTIONS + MAX_TEXT + 1)


def _mentions(notification: Notification) -> str:
    return (
        _called(notification.mentions)
        if notification.page and notification.state is NotifiedState.FIRING
        else ""
    )


def _called(mentions: Sequence[str]) -> str:
    return joined((mention(name) for name in mentions), " ", MAX_MENTIONS)


def _summary(notification: Notification) -> str:
    said = dict.fromkeys(
        plain(line.summary, 440) for line in notification.lines[:MEMBERS_SHOWN] if line.summary
    )
    return joined(list(said)[:SUMMARIES_SHOWN], "\n", MAX_SUMMARY)


def _where(where: Mapping[str, str]) -> str:
    shown = (f"*{plain(name, 60)}* {plain(value, 120)}" for name, value in list(where.items())[:WHERE_SHOWN])
    return joined(shown, SEPARATOR, MAX_WHERE)


def _facts(notification: Notification) -> str:
    facts = (_when(notification), _hushed(notification), _count(notification), _who(notification))
    return "\n".join(fact for fact in facts if fact)


def _when(notification: Notification) -> str:
    since = moment(notification.started_at, notification.at)
    match notification.state:
        case NotifiedState.ENDED:
            ended_at = notification.ended_at or notification.at
            lasted = spoken(ended_at - notification.started_at)
            ended = moment(ended_at, notification.at)
            return f"Fired {since}, ended {ended}: it took *{lasted}*"
        case NotifiedState.CLOSED:
            who = plain(notification.closed_by or "hand", 80)
            return f"Firing since {since}; closed by {who} while it still fires"
        case NotifiedState.MOVED:
            moved_to = plain(notification.moved_to, 200) or "no rule tells it here any longer"
            return f"Firing since {since}; {moved_to}"
        case _ if notification.quiet_until:
            closes = moment(notification.quiet_until, notification.at)
            return f"Fired {since}; nothing fires now, closes {closes}"
        case _:
            return f"Firing since {since}"


def _hushed(notification: Notification) -> str:
    until = (
        f", until {moment(notification.silenced_after_notify_until, notification.at)}"
        if notification.silenced_after_notify_until
        else ""
    )
    return (
        f"🔕 {plain(notification.silenced_after_notify, 200)}{until}"
        if notification.silenced_after_notify
        else ""
    )


def _count(notification: Notification) -> str:
    if notification.alerts < 2:
        return ""
    counts = {"firing": notification.firing, "ended": notification.ended, "moved": notification.moved}
    counted = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    return f"{notification.alerts} alerts: {counted}"


def _who(notification: Notification) -> str:
    if notification.state is not NotifiedState.FIRING:
        return ""
    if notification.acknowledged_by:
        since = moment(notification.acknowledged_at or notification.at, notification.at)
        return f"👀 {plain(notification.acknowledged_by, 80)} has it since {since}"
    owner = f" (owner: {plain(notification.owner, 60)})" if notification.owner else ""
    return "" if notification.quiet_until else f"Nobody has it yet{owner}"


def _members(notification: Notification) -> str:
    if len(notification.lines) < 2 and not any(line.times > 1 for line in notification.lines):
        return ""
    shown: list[str] = []
    size = 0
    for line in notification.lines[:MEMBERS_SHOWN]:
        text = _member(line, notification)
        if size + len(text) > MAX_MEMBERS:
            break
        shown.append(text)
        size += len(text) + 1
    rest = notification.alerts - len(shown)
    return "\n".join([*shown, f"… and {rest} more"] if rest > 0 else shown)


def _member(line: AlertLine, notification: Notification) -> str:
    shared = {*notification.where.items()}
    own = [
        (name, value)
        for name, value in line.labels.items()
        if (name, value) not in shared and name != "severity"
    ]
    labels = "".join(f" {plain(name, 40)}={plain(value, 60)}" for name, value in own[:LABELS_SHOWN])
    labels += f" (fired {line.times} times)" if line.times > 1 else ""
    if line.ended_at:
        return f"✅ ~{plain(line.name, 80)}~{labels}"
    if line.moved:
        return f"{STATE_SIGNS[NotifiedState.MOVED]} {plain(line.name, 80)}{labels}, told here no longer"
    sign, kept = (
        ("🔕", f", {plain(line.silenced_after_notify, 40)}")
        if line.silenced_after_notify
        else (SEVERITY_SIGNS[line.severity], "")
    )
    return f"{sign} *{plain(line.name, 80)}*{labels} since {moment(line.started_at, notification.at)}{kept}"


def _links(notification: Notification) -> str:
    """The first of each kind that is an address."""
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

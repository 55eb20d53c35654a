"""A telling as a Slack message: read on a phone at 3 a.m., first what, where and how bad, last who sent it and why.

Limits: https://docs.slack.dev/reference/block-kit/blocks; the texts of all blocks together stay under 9,000 characters, since
`msg_blocks_too_long` comes somewhere above 11,000 (bolt-js #2509).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.model.ledger import Note, Told
from gateway.model.severity import Severity
from gateway.model.telling import Line, Telling
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
STATE_SIGNS = {Told.ENDED: "✅", Told.CLOSED: "☑️", Told.MOVED: "➡️"}
STATE_WORDS = {Told.ENDED: "Resolved", Told.CLOSED: "Closed by hand", Told.MOVED: "Moved"}

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rendered:
    """`text` is what notifications show; without `blocks` it is the whole message."""

    text: str
    blocks: tuple[Block, ...] = ()


def render(telling: Telling) -> Rendered:
    sections = (
        _mentions(telling),
        _summary(telling),
        _where(telling.where),
        _facts(telling),
        _members(telling),
        _links(telling),
    )
    header = {"type": "header", "text": {"type": "plain_text", "text": _headline(telling, MAX_HEADER), "emoji": True}}
    footer = {"type": "context", "elements": [_mrkdwn(_footer(telling))]}
    return Rendered(
        _notification(telling), (header, *({"type": "section", "text": _mrkdwn(text)} for text in sections if text), footer)
    )


def render_plainly(telling: Telling) -> Rendered:
    """Text alone, for a message whose blocks Slack does not take: content can never block a telling."""
    return Rendered(_notification(telling))


def render_notes(notes: Sequence[Note], mentions: Sequence[str]) -> Rendered:
    called = _called(mentions) if any(note.mention for note in notes) else ""
    lines = [plain(note.text, 1_000) for note in notes]
    shown = [line for at, line in enumerate(lines) if sum(map(len, lines[: at + 1])) + at <= MAX_NOTES - len(called)]
    more = [f"… and {len(lines) - len(shown)} more"] if len(shown) < len(lines) else []
    return Rendered("\n".join(part for part in (called, *shown, *more) if part))


def _mrkdwn(text: str) -> dict[str, Any]:
    """Verbatim: Slack makes no links, channels or mentions of words that only look like them."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _state(telling: Telling) -> tuple[str, str]:
    if telling.state in STATE_WORDS:
        return STATE_SIGNS[telling.state], STATE_WORDS[telling.state]
    if telling.quiet_until:
        return "⏳", "Quiet"
    return SEVERITY_SIGNS[telling.severity], telling.severity.word.upper()


def _headline(telling: Telling, most: int) -> str:
    sign, word = _state(telling)
    more = f" (+{telling.firing - 1})" if telling.firing > 1 and telling.state is Told.FIRING else ""
    start = f"{sign} {word}: "
    return f"{start}{shorten(tame(telling.title), most - len(start) - len(more))}{more}"


def _notification(telling: Telling) -> str:
    place = ", ".join(f"{shorten(name, 60)}={shorten(value, 120)}" for name, value in list(telling.where.items())[:3])
    summary = next((line.summary for line in telling.lines if line.summary), "")
    said = " — ".join(part for part in (_headline(telling, 300), place, summary) if part)
    return joined((_mentions(telling), plain(said, MAX_TEXT)), " ", MAX_MENTIONS + MAX_TEXT + 1)


def _mentions(telling: Telling) -> str:
    return _called(telling.mentions) if telling.page and telling.state is Told.FIRING else ""


def _called(mentions: Sequence[str]) -> str:
    return joined((mention(one) for one in mentions), " ", MAX_MENTIONS)


def _summary(telling: Telling) -> str:
    said = dict.fromkeys(plain(line.summary, 440) for line in telling.lines[:MEMBERS_SHOWN] if line.summary)
    return joined(list(said)[:SUMMARIES_SHOWN], "\n", MAX_SUMMARY)


def _where(where: Mapping[str, str]) -> str:
    shown = (f"*{plain(name, 60)}* {plain(value, 120)}" for name, value in list(where.items())[:WHERE_SHOWN])
    return joined(shown, SEPARATOR, MAX_WHERE)


def _facts(telling: Telling) -> str:
    return "\n".join(line for line in (_when(telling), _hushed(telling), _count(telling), _who(telling)) if line)


def _when(telling: Telling) -> str:
    since = moment(telling.started_at, telling.at)
    match telling.state:
        case Told.ENDED:
            lasted = spoken(telling.ended_at - telling.started_at)
            return f"Fired {since}, ended {moment(telling.ended_at, telling.at)}: it took *{lasted}*"
        case Told.CLOSED:
            return f"Firing since {since}; closed by {plain(telling.closed_by or 'hand', 80)} while it still fires"
        case Told.MOVED:
            return f"Firing since {since}; {plain(telling.closed_by, 200) or 'no rule tells it here any longer'}"
        case _ if telling.quiet_until:
            return f"Fired {since}; nothing fires now, closes {moment(telling.quiet_until, telling.at)}"
        case _:
            return f"Firing since {since}"


def _hushed(telling: Telling) -> str:
    until = f", until {moment(telling.hushed_until, telling.at)}" if telling.hushed_until else ""
    return f"🔕 {plain(telling.hushed, 200)}{until}" if telling.hushed else ""


def _count(telling: Telling) -> str:
    if telling.alerts < 2:
        return ""
    counts = {"firing": telling.firing, "ended": telling.ended, "moved": telling.moved}
    return f"{telling.alerts} alerts: {', '.join(f'{count} {what}' for what, count in counts.items() if count)}"


def _who(telling: Telling) -> str:
    if telling.state is not Told.FIRING:
        return ""
    if telling.acknowledged_by:
        return f"👀 {plain(telling.acknowledged_by, 80)} has it since {moment(telling.acknowledged_at, telling.at)}"
    owner = f" (owner: {plain(telling.owner, 60)})" if telling.owner else ""
    return "" if telling.quiet_until else f"Nobody has it yet{owner}"


def _members(telling: Telling) -> str:
    if len(telling.lines) < 2 and not any(line.times > 1 for line in telling.lines):
        return ""
    shown: list[str] = []
    size = 0
    for line in telling.lines[:MEMBERS_SHOWN]:
        text = _member(line, telling)
        if size + len(text) > MAX_MEMBERS:
            break
        shown.append(text)
        size += len(text) + 1
    rest = telling.alerts - len(shown)
    return "\n".join([*shown, f"… and {rest} more"] if rest > 0 else shown)


def _member(line: Line, telling: Telling) -> str:
    own = [(name, value) for name, value in line.labels.items() if telling.where.get(name) != value and name != "severity"]
    labels = "".join(f" {plain(name, 40)}={plain(value, 60)}" for name, value in own[:LABELS_SHOWN])
    labels += f" (fired {line.times} times)" if line.times > 1 else ""
    if line.ended_at:
        return f"✅ ~{plain(line.name, 80)}~{labels}"
    if line.moved:
        return f"{STATE_SIGNS[Told.MOVED]} {plain(line.name, 80)}{labels}, told here no longer"
    sign, kept = ("🔕", f", {plain(line.hushed, 40)}") if line.hushed else (SEVERITY_SIGNS[line.severity], "")
    return f"{sign} *{plain(line.name, 80)}*{labels} since {moment(line.started_at, telling.at)}{kept}"


def _links(telling: Telling) -> str:
    """The first of each kind that is an address."""
    found: dict[str, str] = {}
    for name, url in _addresses(telling):
        if url and name not in found and (address := web_address(url, MAX_URL)):
            found[name] = link(address, name)
    return joined(found.values(), SEPARATOR, MAX_LINKS)


def _addresses(telling: Telling) -> Iterator[tuple[str, str]]:
    for line in telling.lines[:MEMBERS_SHOWN]:
        yield from (("Runbook", line.runbook), ("Dashboard", line.dashboard), ("Source", line.source))
    yield "Incident", telling.link


def _footer(telling: Telling) -> str:
    parts = [f"incident {plain(telling.incident, 60)}"]
    parts += [f"by rule {plain(telling.rule, 300)}"] if telling.rule else []
    parts += [f"goes on from {plain(telling.previous, 60)}"] if telling.previous else []
    parts += [plain(telling.reason, 300)] if telling.reason else []
    return joined(parts, SEPARATOR, MAX_FOOTER)

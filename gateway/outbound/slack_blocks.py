"""A telling as a Slack message: read on a phone at 3 a.m., first what, where and how bad, last who sent it and why.

Limits: https://docs.slack.dev/reference/block-kit/blocks; the texts of all blocks together stay under 9,000 characters, since
`msg_blocks_too_long` comes somewhere above 11,000 (bolt-js #2509).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.model.incident import Note, Told
from gateway.model.severity import Severity
from gateway.model.telling import Line, Telling
from gateway.outbound.text import clock, shorten, spoken, tame, web_address

MAX_HEADER = 150
MAX_SECTION = 3_000
MAX_TEXT = 600  # what a phone's notification may show
MEMBERS_SHOWN = 10
MEMBERS_BUDGET = 2_600
WHERE_SHOWN = 8
MAX_URL = 600
DAY = 86_400_000

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
    sections = [
        _mentions(telling),
        _summary(telling),
        _where(telling.where),
        _facts(telling),
        _members(telling),
        _links(telling),
    ]
    blocks: list[Block] = [
        {"type": "header", "text": {"type": "plain_text", "text": shorten(_headline(telling), MAX_HEADER), "emoji": True}}
    ]
    blocks += [_section(text) for text in sections if text]
    blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": shorten(_footer(telling), 1_000)}]})
    return Rendered(_notification(telling), tuple(blocks))


def render_plainly(telling: Telling) -> Rendered:
    """Text alone, for a message whose blocks Slack does not take: content can never block a telling."""
    return Rendered(_notification(telling))


def render_notes(notes: Sequence[Note], mentions: Sequence[str]) -> Rendered:
    lines = [escape(tame(note.text)) for note in notes]
    called = " ".join(mention(one) for one in mentions) if any(note.mention for note in notes) else ""
    return Rendered(shorten("\n".join([called, *lines] if called else lines), MAX_SECTION))


def escape(text: str) -> str:
    """Slack's three special characters; without a raw `<` nothing can mention anybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def mention(who: str) -> str:
    """`@here`, `@channel`, `@everyone`, a user's id (U…, W…) or a group's (S…); any other name stays a text that calls nobody."""
    name = who.removeprefix("@")
    if name in ("here", "channel", "everyone"):
        return f"<!{name}>"
    if name.isascii() and name.isalnum() and name.isupper() and len(name) >= 8:
        return f"<!subteam^{name}>" if name[0] == "S" else f"<@{name}>"
    return escape(tame(who))


def moment(milliseconds: int, now: int) -> str:
    """In the reader's own time zone; with the date where it is not of today."""
    shape = "{time}" if abs(now - milliseconds) < DAY // 2 else "{date_short_pretty} {time}"
    return f"<!date^{milliseconds // 1000}^{shape}|{clock(milliseconds)}>"


def _section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": shorten(text, MAX_SECTION)}}


def _state(telling: Telling) -> tuple[str, str]:
    if telling.state in STATE_WORDS:
        return STATE_SIGNS[telling.state], STATE_WORDS[telling.state]
    if telling.quiet_until:
        return "⏳", "Quiet"
    return SEVERITY_SIGNS[telling.severity], telling.severity.word.upper()


def _headline(telling: Telling) -> str:
    sign, word = _state(telling)
    more = f" (+{telling.firing - 1})" if telling.firing > 1 and telling.state is Told.FIRING else ""
    return f"{sign} {word}: {tame(telling.title)}{more}"


def _notification(telling: Telling) -> str:
    place = ", ".join(f"{tame(name)}={tame(value)}" for name, value in list(telling.where.items())[:3])
    summary = next((line.summary for line in telling.lines if line.summary), "")
    parts = [_headline(telling), place, tame(summary)]
    called = _mentions(telling)
    text = shorten(" — ".join(part for part in parts if part), MAX_TEXT)
    return f"{called} {escape(text)}" if called else escape(text)


def _mentions(telling: Telling) -> str:
    if not telling.page or telling.state is not Told.FIRING:
        return ""
    return shorten(" ".join(mention(one) for one in telling.mentions), 500)


def _summary(telling: Telling) -> str:
    said = list(dict.fromkeys(tame(line.summary) for line in telling.lines[:MEMBERS_SHOWN] if line.summary))
    return escape(shorten("\n".join(shorten(one, 400) for one in said[:2]), 900))


def _where(where: Mapping[str, str]) -> str:
    shown = [f"*{_plain(name, 60)}* {_plain(value, 120)}" for name, value in list(where.items())[:WHERE_SHOWN]]
    return "  ·  ".join(shown)


def _plain(text: str, most: int) -> str:
    """A value in running text: markdown's own characters would dress it up, so a thin space keeps them apart."""
    return escape(shorten(tame(text), most).translate(_MARKS))


_MARKS = {ord(mark): f"\u200a{mark}" for mark in "*_~`"}


def _facts(telling: Telling) -> str:
    return "\n".join(line for line in (_when(telling), _count(telling), _who(telling)) if line)


def _when(telling: Telling) -> str:
    since = moment(telling.started_at, telling.at)
    lasted = spoken(telling.ended_at - telling.started_at) if telling.ended_at else ""
    match telling.state:
        case Told.ENDED:
            return f"Fired {since}, ended {moment(telling.ended_at, telling.at)}: it took *{lasted}*"
        case Told.CLOSED:
            return f"Firing since {since}; closed by {_plain(telling.closed_by or 'hand', 80)} while it still fires"
        case Told.MOVED:
            return f"Firing since {since}; {_plain(telling.closed_by, 200) or 'no rule tells it here any longer'}"
        case _:
            pass
    if telling.quiet_until:
        return f"Fired {since}; nothing fires now, closes {moment(telling.quiet_until, telling.at)}"
    return f"Firing since {since}"


def _count(telling: Telling) -> str:
    if telling.firing + telling.ended < 2:
        return ""
    parts = [f"{telling.firing} firing"] if telling.firing else []
    parts += [f"{telling.ended} ended"] if telling.ended else []
    return f"{telling.firing + telling.ended} alerts: {', '.join(parts)}"


def _who(telling: Telling) -> str:
    if telling.state is not Told.FIRING:
        return ""
    if telling.acknowledged_by:
        return f"👀 {_plain(telling.acknowledged_by, 80)} has it since {moment(telling.acknowledged_at, telling.at)}"
    owner = f" (owner: {_plain(telling.owner, 60)})" if telling.owner else ""
    return f"Nobody has it yet{owner}"


def _members(telling: Telling) -> str:
    lines = telling.lines
    if len(lines) < 2:
        return ""
    shown: list[str] = []
    size = 0
    for line in lines[:MEMBERS_SHOWN]:
        text = _member(line, telling)
        if size + len(text) > MEMBERS_BUDGET:
            break
        shown.append(text)
        size += len(text) + 1
    rest = telling.firing + telling.ended - len(shown)
    return "\n".join([*shown, f"… and {rest} more"] if rest > 0 else shown)


def _member(line: Line, telling: Telling) -> str:
    own = {name: value for name, value in line.labels.items() if telling.where.get(name) != value and name != "severity"}
    labels = " ".join(f"{_plain(name, 40)}={_plain(value, 60)}" for name, value in list(own.items())[:4])
    if line.ended_at:
        return f"✅ ~{_plain(line.name, 80)}~ {labels}".rstrip()
    return f"{SEVERITY_SIGNS[line.severity]} *{_plain(line.name, 80)}* {labels} since {moment(line.started_at, telling.at)}"


def _links(telling: Telling) -> str:
    found: dict[str, str] = {}
    for line in telling.lines[:MEMBERS_SHOWN]:
        for name, url in (("Runbook", line.runbook), ("Dashboard", line.dashboard), ("Source", line.source)):
            if url and name not in found and (address := web_address(url, MAX_URL)):
                found[name] = address
    if address := web_address(telling.link, MAX_URL):
        found["Incident"] = address
    return "  ·  ".join(f"<{_link(url)}|{name}>" for name, url in found.items())


def _link(url: str) -> str:
    return url.replace("&", "&amp;").replace("|", "%7C")


def _footer(telling: Telling) -> str:
    parts = [f"incident {telling.incident}"]
    if telling.rule:
        parts.append(f"by rule {_plain(telling.rule, 300)}")
    if telling.previous:
        parts.append(f"goes on from {_plain(telling.previous, 40)}")
    if telling.reason:
        parts.append(_plain(telling.reason, 300))
    return "  ·  ".join(parts)

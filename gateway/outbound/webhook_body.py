"""What a receiver of webhooks is sent: JSON with a type, a time and data, described by a JSON Schema (`body_schema`).

The frame and the names of the headers are those of Standard Webhooks:
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from gateway.model.incident import Note, Told
from gateway.model.instants import instant
from gateway.model.telling import Line, Telling
from gateway.model.trail import Batch, Written
from gateway.outbound.text import shorten, web_address

VERSION: Literal["1"] = "1"
MAX_BODY = 1_000_000  # bytes; nginx takes 1 MiB unless it is told otherwise
MAX_TEXT = 10_000  # characters of one value, where a body would be too large
MAX_URL = 2_000
WHERE_SHOWN = 50

Word = Literal["none", "info", "warning", "error", "critical"]
Key = Annotated[str, Meta(description="incident and generation: one life of it as this receiver was told it")]


class SentAlert(msgspec.Struct, frozen=True):
    """One alert of the incident. `ended_at` is null while it fires; redacted values are shown as a hash."""

    name: str
    severity: Word
    firing: bool
    labels: dict[str, str]
    annotations: dict[str, str]
    summary: str
    started_at: datetime
    ended_at: datetime | None
    times: Annotated[int, Meta(description="how often it fired in this incident")]
    suppressed: Annotated[str, Meta(description="why news of it is kept away since it was told, empty for nothing")]
    links: Annotated[dict[str, str], Meta(description="runbook, dashboard and source, where they are addresses of http(s)")]


class SentIncident(msgspec.Struct, frozen=True):
    """The incident as it is to be believed now: it takes the place of everything that was sent of it before."""

    incident: str
    key: Key
    target: Annotated[str, Meta(description="the destination's name in the rules")]
    generation: Annotated[int, Meta(description="grows with each firing after an end or a close by hand")]
    revision: int
    state: Annotated[Literal["firing", "closed", "ended", "moved"], Meta(description="moved: told elsewhere now, or nowhere")]
    severity: Word
    page: Annotated[bool, Meta(description="the rules say that it interrupts a person")]
    title: str
    where: Annotated[dict[str, str], Meta(description="the labels that all its alerts share")]
    alerts: Annotated[list[SentAlert], Meta(description="firing ones first, the most severe and oldest first")]
    alerts_left_out: Annotated[int, Meta(description="how many did not fit")]
    firing: int
    ended: int
    started_at: datetime
    ended_at: datetime | None
    quiet_until: Annotated[datetime | None, Meta(description="nothing fires, and its end is told then")]
    acknowledged_by: str
    acknowledged_at: datetime | None
    closed_by: Annotated[str, Meta(description="who closed it by hand, or where it moved")]
    suppressed: Annotated[str, Meta(description="what keeps news of it away from people, though they were told before")]
    suppressed_until: datetime | None
    owner: str
    rule: Annotated[str, Meta(description="the route that sends it: name (file:line)")]
    reason: str
    previous: Annotated[str, Meta(description="the incident that this one goes on from")]
    url: Annotated[str, Meta(description="the incident at the gateway, where it has a public address")]


class SentNote(msgspec.Struct, frozen=True):
    """One transition in words. `at` and `text` together are the same wherever it is sent again."""

    text: str
    at: datetime
    important: Annotated[bool, Meta(description="in Slack the whole channel would see it")]


class SentNotes(msgspec.Struct, frozen=True):
    """What has happened since the notes before."""

    incident: str
    key: Key
    notes: list[SentNote]


class IncidentBody(msgspec.Struct, frozen=True):
    """The newest state. Of two about the same key, the one with the later timestamp counts."""

    version: Literal["1"]
    type: Literal["incident.firing", "incident.closed", "incident.ended", "incident.moved"]
    timestamp: datetime
    data: SentIncident


class NotesBody(msgspec.Struct, frozen=True):
    """What people read in a thread."""

    version: Literal["1"]
    type: Literal["incident.notes"]
    timestamp: datetime
    data: SentNotes


class SentEntry(msgspec.Struct, frozen=True):
    """One entry of the audit trail. `id` is the same wherever it is sent again."""

    id: str
    at: datetime
    what: Annotated[str, Meta(description="what was decided or done")]
    incident: Annotated[str, Meta(description="empty where it is about none")]
    detail: dict[str, str | int]


class SentEntries(msgspec.Struct, frozen=True):
    """What follows on the batch before, in the order in which it was written, by slot of the store."""

    destination: str
    slot: int
    entries: list[SentEntry]
    lost: Annotated[int, Meta(description="how many before these were cut off the log before they could be sent")]


class EntriesBody(msgspec.Struct, frozen=True):
    """Part of the audit trail."""

    version: Literal["1"]
    type: Literal["log.entries"]
    timestamp: datetime
    data: SentEntries


BODIES = (IncidentBody, NotesBody, EntriesBody)

TYPES: dict[Told, Literal["incident.firing", "incident.closed", "incident.ended", "incident.moved"]] = {
    Told.FIRING: "incident.firing",
    Told.CLOSED: "incident.closed",
    Told.ENDED: "incident.ended",
    Told.MOVED: "incident.moved",
}


def key_of(telling: Telling) -> str:
    return f"{telling.incident}.{telling.generation}"


def render(telling: Telling) -> bytes:
    """As many alerts as fit."""
    shown = len(telling.lines)
    body = encode(_state(telling, telling.lines))
    while len(body) > MAX_BODY and shown:
        shown //= 2
        body = encode(_state(telling, telling.lines[:shown]))
    return body if len(body) <= MAX_BODY else encode(_state(_shortened(telling), ()))


def render_notes(key: str, notes: Iterable[Note], now: int) -> bytes:
    """`now` in ms, for notes that do not say when they came to be."""
    said = [SentNote(shorten(note.text, MAX_TEXT), instant(note.at or now), note.broadcast) for note in notes]
    sent = SentNotes(key.rpartition(".")[0], key, said)
    return encode(NotesBody(VERSION, "incident.notes", max((note.at for note in said), default=instant(now)), sent))


def render_batch(batch: Batch, now: int) -> bytes:
    entries = [_entry(batch.slot, one) for one in batch.entries]
    sent = SentEntries(batch.destination, batch.slot, entries, batch.lost)
    return encode(EntriesBody(VERSION, "log.entries", instant(now), sent))


def encode(body: msgspec.Struct) -> bytes:
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:  # half of a surrogate pair, which no UTF-8 can hold
        return json.dumps(msgspec.to_builtins(body), ensure_ascii=False).encode("utf-8", "replace")


def body_schema() -> dict[str, Any]:
    """Of everything that is sent, by its `type`."""
    kinds, parts = msgspec.json.schema_components(BODIES, ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"What the alert gateway sends to webhooks, version {VERSION}",
        "oneOf": list(kinds),
        "$defs": parts,
    }


def _state(telling: Telling, lines: tuple[Line, ...]) -> IncidentBody:
    data = SentIncident(
        incident=telling.incident,
        key=key_of(telling),
        target=telling.target,
        generation=telling.generation,
        revision=telling.revision,
        state=telling.state.value,  # type: ignore[arg-type]
        severity=telling.severity.word,  # type: ignore[arg-type]
        page=telling.page,
        title=telling.title,
        where=telling.where,
        alerts=[_alert(line) for line in lines],
        alerts_left_out=telling.firing + telling.ended - len(lines),
        firing=telling.firing,
        ended=telling.ended,
        started_at=instant(telling.started_at),
        ended_at=_moment(telling.ended_at),
        quiet_until=_moment(telling.quiet_until),
        acknowledged_by=telling.acknowledged_by,
        acknowledged_at=_moment(telling.acknowledged_at),
        closed_by=telling.closed_by,
        suppressed=telling.hushed,
        suppressed_until=_moment(telling.hushed_until),
        owner=telling.owner,
        rule=telling.rule,
        reason=telling.reason,
        previous=telling.previous,
        url=web_address(telling.link, MAX_URL),
    )
    return IncidentBody(VERSION, TYPES[telling.state], instant(telling.at), data)


def _alert(line: Line) -> SentAlert:
    links = {"runbook": line.runbook, "dashboard": line.dashboard, "source": line.source}
    return SentAlert(
        name=line.name,
        severity=line.severity.word,  # type: ignore[arg-type]
        firing=not line.ended_at,
        labels={"alertname": line.name, **line.labels},
        annotations=line.annotations,
        summary=line.summary,
        started_at=instant(line.started_at),
        ended_at=_moment(line.ended_at),
        times=line.times,
        suppressed=line.hushed,
        links={name: address for name, url in links.items() if (address := web_address(url, MAX_URL))},
    )


def _entry(slot: int, written: Written) -> SentEntry:
    entry = written.entry
    detail = {name: shorten(value, MAX_TEXT) if isinstance(value, str) else value for name, value in entry.detail.items()}
    return SentEntry(f"{slot}-{written.position}", instant(written.at), entry.what, entry.subject, detail)


def _moment(milliseconds: int) -> datetime | None:
    return instant(milliseconds) if milliseconds else None


def _shortened(telling: Telling) -> Telling:
    """For what is too large without any alert."""
    where = {
        shorten(name, MAX_TEXT // 10): shorten(value, MAX_TEXT // 10) for name, value in [*telling.where.items()][:WHERE_SHOWN]
    }
    names = ("title", "acknowledged_by", "closed_by", "hushed", "owner", "rule", "reason", "previous")
    return msgspec.structs.replace(telling, where=where, **{name: shorten(getattr(telling, name), MAX_TEXT) for name in names})

"""What a receiver of webhooks is sent: JSON with a type, a time and data, described by a JSON Schema (`body_schema`).

The frame and the names of the headers are those of Standard Webhooks:
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from gateway.model.audit_trail import Batch, Written
from gateway.model.instants import instant
from gateway.model.ledger import Note, Told
from gateway.model.telling import Line, Telling
from gateway.outbound.webhook.schema import (
    VERSION,
    EntriesBody,
    IncidentBody,
    NotesBody,
    SentAlert,
    SentEntries,
    SentEntry,
    SentIncident,
    SentNote,
    SentNotes,
)
from gateway.outbound.wording import shorten, web_address

MAX_BODY = 1_000_000  # bytes; nginx takes 1 MiB unless it is told otherwise
MAX_TEXT = 10_000  # characters of one value, where a body would be too large
MAX_URL = 2_000
WHERE_SHOWN = 50

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
        alerts_left_out=telling.alerts - len(lines),
        firing=telling.firing,
        ended=telling.ended,
        moved=telling.moved,
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
        firing=not (line.ended_at or line.moved),
        moved=line.moved,
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

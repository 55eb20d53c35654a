"""The bodies that receivers of webhooks are sent: JSON with a type, a time and data, described by a JSON
Schema (`body_schema`).

The frame and the names of the headers are those of Standard Webhooks:
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from gateway.model.audit_trail import Batch, LoggedEntry
from gateway.model.harmless import harmless_values
from gateway.model.instants import instant, instant_or_none
from gateway.model.ledger import Note, NotifiedState
from gateway.model.notification import AlertLine, Notification
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
from gateway.outbound.webhook.shortened import MAX_TEXT, shortened
from gateway.outbound.wording import shorten, web_address

MAX_BODY = 1_000_000  # bytes; nginx takes 1 MiB unless it is told otherwise
MAX_URL = 2_000

TYPES: dict[
    NotifiedState, Literal["incident.firing", "incident.closed", "incident.ended", "incident.moved"]
] = {
    NotifiedState.FIRING: "incident.firing",
    NotifiedState.CLOSED: "incident.closed",
    NotifiedState.ENDED: "incident.ended",
    NotifiedState.MOVED: "incident.moved",
}


def key_of(notification: Notification) -> str:
    return f"{notification.incident}.{notification.generation}"


def render(notification: Notification) -> bytes:
    """Render the state with as many alerts as fit."""
    shown = len(notification.lines)
    body = encode(_state(notification, notification.lines))
    # The most severe alerts come first, so halving keeps them; `alerts_left_out` says how many are missing.
    while len(body) > MAX_BODY and shown:
        shown //= 2
        body = encode(_state(notification, notification.lines[:shown]))
    # Even without alerts the texts are too long. A shortened notification is better than none.
    return body if len(body) <= MAX_BODY else encode(_state(shortened(notification), ()))


def render_notes(key: str, notes: Iterable[Note], now: int) -> bytes:
    """`now` in ms, for notes that do not say when they came to be."""
    said = [
        SentNote(shorten(note.text, MAX_TEXT), instant(note.at or now), note.broadcast, note.line)
        for note in notes
    ]
    sent = SentNotes(key.rpartition(".")[0], key, said)
    newest = max((note.at for note in said), default=instant(now))
    return encode(NotesBody(VERSION, "incident.notes", newest, sent))


def render_batch(batch: Batch, now: int) -> bytes:
    entries = [_entry(batch.shard, entry) for entry in batch.entries]
    sent = SentEntries(batch.destination, batch.shard, entries, batch.lost)
    return encode(EntriesBody(VERSION, "log.entries", instant(now), sent))


def encode(body: msgspec.Struct) -> bytes:
    """Encode a body whose texts act on nobody: a receiver shows them to people, or writes them into a log."""
    try:
        plain = msgspec.json.encode(body)
        # Without an escape or a character beyond ASCII there is nothing in it that acts.
        if plain.isascii() and b"\\" not in plain:
            return plain
    except UnicodeEncodeError:
        pass  # half of a surrogate pair, which no UTF-8 can hold, is taken out too
    return msgspec.json.encode(harmless_values(msgspec.to_builtins(body)))


def _state(notification: Notification, lines: tuple[AlertLine, ...]) -> IncidentBody:
    quieted = notification.quieted
    data = SentIncident(
        incident=notification.incident,
        key=key_of(notification),
        target=notification.target,
        generation=notification.generation,
        revision=notification.revision,
        state=notification.state.value,  # type: ignore[arg-type]
        severity=notification.severity.word,  # type: ignore[arg-type]
        page=notification.page,
        title=notification.title,
        thing=notification.thing,
        where=notification.where,
        alerts=[_alert(line) for line in lines],
        alerts_left_out=notification.alerts - len(lines),
        alerts_not_sent=notification.not_sent,
        firing=notification.firing,
        ended=notification.ended,
        moved=notification.moved,
        started_at=instant(notification.started_at),
        ended_at=instant_or_none(notification.ended_at),
        quiet_until=instant_or_none(notification.quiet_until),
        acknowledged_by=notification.acknowledged_by,
        acknowledged_at=instant_or_none(notification.acknowledged_at),
        closed_by=notification.closed_by or notification.moved_to,
        suppressed=quieted.named() if quieted is not None else "",
        suppressed_until=instant_or_none(quieted.until if quieted is not None else None),
        owner=notification.owner,
        rule=notification.rule,
        reason=notification.reason,
        previous=notification.previous,
        url=web_address(notification.link, MAX_URL),
        firing_elsewhere=notification.elsewhere,
        ended_because=notification.ended_because,
        suppressed_before=notification.hidden.in_words(notification.at) if notification.hidden else "",
        escalation=notification.escalation.in_words() if notification.escalation else "",
    )
    return IncidentBody(VERSION, TYPES[notification.state], instant(notification.at), data)


def _alert(line: AlertLine) -> SentAlert:
    links = {
        "runbook": line.runbook,
        "dashboard": line.dashboard,
        "panel": line.panel,
        "image": line.image,
        "source": line.source,
        "silence": line.silence,
    }
    return SentAlert(
        name=line.name,
        severity=line.severity.word,  # type: ignore[arg-type]
        firing=not (line.ended_at or line.moved),
        moved=line.moved,
        labels={"alertname": line.alertname or line.name, **line.labels},
        annotations=line.annotations,
        summary=line.summary,
        description=line.description,
        thing=line.thing,
        sent_severity=line.sent_severity,
        ended_because=line.ended_because,
        started_at=instant(line.started_at),
        ended_at=instant_or_none(line.ended_at),
        times=line.times,
        suppressed=line.silenced_after_notify,
        links={name: address for name, url in links.items() if (address := web_address(url, MAX_URL))},
    )


def _entry(shard: int, written: LoggedEntry) -> SentEntry:
    entry = written.entry
    detail = {
        name: shorten(value, MAX_TEXT) if isinstance(value, str) else value
        for name, value in entry.detail.items()
    }
    return SentEntry(f"{shard}-{written.position}", instant(written.at), entry.what, entry.subject, detail)

"""Records as the store keeps them: one byte for the format, then msgpack.

Two versions of the gateway can run side by side, because fields are only ever added at the end, with a
default. An older reader passes over a field that it does not know; a newer one fills in the default.

"No time" is None in the program and 0 in the store, where older versions look for it. Both are translated
here, and for the small rows of lanes, rule generations and heartbeats beside their own types.
"""

from __future__ import annotations

from typing import TypeVar, assert_never

import msgspec
from msgspec.structs import force_setattr, replace

from gateway.model.alert import Alert, Copy
from gateway.model.audit_trail import Shipped
from gateway.model.controls import Controls
from gateway.model.copy_key import HASH, SENT, plain_key, suffix_of
from gateway.model.incident import Incident
from gateway.model.ledger import Intent, Ledger, Note
from gateway.model.members import packed_members
from gateway.model.packed_incident import decode_incident
from gateway.model.refusals import NO_REFUSALS, Refusals
from gateway.model.source_peers import SourceState
from gateway.model.watchdog import WatchdogState

FORMAT = b"\x01"

_Struct = TypeVar("_Struct", bound=msgspec.Struct)

Record = Alert | Incident | Ledger | SourceState | Controls | Shipped | WatchdogState | Refusals

NO_TIME = 0  # what the store keeps in place of a time

# The fields that may be no time.
_INCIDENT_TIMES = ("resolved_at", "unheard_since", "recurs_since")
_LEDGER_TIMES = (
    "notified_at",
    "first_notified_at",
    "paged_at",
    "failing_since",
    "next_try",
    "look_at",
    "fell_back_at",
    "repeat_at",
    "unconfirmed_since",
    "reminded_at",
    "look_failing_since",
    "page_began_at",
    "end_waits_until",
    "lost_until",
)
_NOTE_TIMES = ("at",)
_HIDDEN_TIMES = ("until",)
_SILENCE_TIMES = ("created_at", "last_matched_at")
_SOURCE_TIMES = ("answered_at",)
_SHIPPED_TIMES = ("failing_since",)
_WATCHDOG_TIMES = ("missing_since",)

_encode = msgspec.msgpack.Encoder(enc_hook=packed_members).encode
_alert = msgspec.msgpack.Decoder(Alert).decode
_ledger = msgspec.msgpack.Decoder(Ledger).decode
_controls = msgspec.msgpack.Decoder(Controls).decode
_watchdog_state = msgspec.msgpack.Decoder(WatchdogState).decode
_source_state = msgspec.msgpack.Decoder(SourceState).decode
_shipped = msgspec.msgpack.Decoder(Shipped).decode
_refusals = msgspec.msgpack.Decoder(Refusals).decode


def dump(record: Record) -> bytes:
    return FORMAT + _encode(_stored(record))


def load_alert(raw: bytes) -> Alert:
    """Read an alert. Each field is named, which costs a third of `_timed`: alerts are read with each webhook."""
    alert = _alert(body_of(raw))
    if not alert.started_at:
        force_setattr(alert, "started_at", None)
    if not alert.ended_at:
        force_setattr(alert, "ended_at", None)
    if not alert.held_until:
        force_setattr(alert, "held_until", None)
    for copy in alert.copies.values():
        if not copy.ends_at:
            force_setattr(copy, "ends_at", None)
        if not copy.said_at:
            force_setattr(copy, "said_at", None)
        if not copy.believed_at:
            force_setattr(copy, "believed_at", None)
    return _with_hashes(alert) if alert.hashes else alert


def _with_hashes(alert: Alert) -> Alert:
    """Give the copies their whole keys."""
    whole = {name: f"{name}{suffix}" for name, suffix in alert.hashes.items()}
    return replace(
        alert,
        copies={whole.get(name, name): copy for name, copy in alert.copies.items()},
        spoken_by=whole.get(alert.spoken_by, alert.spoken_by),
        hashes={},
    )


def _without_hashes(alert: Alert) -> Alert:
    """Give the copies the keys by which the version before finds them, where these tell them apart."""
    short: dict[str, str] = {}
    for name in alert.copies:
        plain = plain_key(name)
        if plain != name and plain not in alert.copies and plain not in short.values():
            short[name] = plain
    return replace(
        alert,
        copies={short.get(name, name): copy for name, copy in alert.copies.items()},
        spoken_by=short.get(alert.spoken_by, alert.spoken_by),
        hashes={plain: suffix_of(name) for name, plain in short.items()},
    )


def load_incident(raw: bytes) -> Incident:
    return _timed(decode_incident(body_of(raw)), _INCIDENT_TIMES)


def load_ledger(raw: bytes) -> Ledger:
    ledger = _timed(_ledger(body_of(raw)), _LEDGER_TIMES)
    intents = ledger.unconfirmed if ledger.intent is None else (ledger.intent, *ledger.unconfirmed)
    for note in (*ledger.pending_notes, *(note for intent in intents for note in intent.notes)):
        _timed(note, _NOTE_TIMES)
    for hidden in ledger.hidden:
        _timed(hidden, _HIDDEN_TIMES)
    return ledger


def load_source_state(raw: bytes) -> SourceState:
    return _timed(_source_state(body_of(raw)), _SOURCE_TIMES)


def load_controls(raw: bytes) -> Controls:
    controls = _controls(body_of(raw))
    for silence in controls.silences:
        _timed(silence, _SILENCE_TIMES)
    return controls


def load_shipped(raw: bytes) -> Shipped:
    return _timed(_shipped(body_of(raw)), _SHIPPED_TIMES)


def load_watchdog_state(raw: bytes) -> WatchdogState:
    return _timed(_watchdog_state(body_of(raw)), _WATCHDOG_TIMES)


def load_refusals(raw: bytes) -> Refusals:
    """Read the record; a store in which nothing was ever refused has none."""
    return _refusals(body_of(raw)) if raw else NO_REFUSALS


def body_of(raw: bytes) -> memoryview:
    # A replica of an older release can meet records of a newer one while an update is rolled out.
    if raw[:1] != FORMAT:
        # A record that is misread could end a page or repeat it, so nothing is guessed.
        raise ValueError(f"a record of format {raw[:1].hex()} was written by a newer gateway")
    return memoryview(raw)[1:]


def _timed(decoded: _Struct, names: tuple[str, ...]) -> _Struct:
    """Set each of these times to None where the store has 0.

    The value was just decoded, so nobody else has it yet: changing it in place costs less than a copy of it.
    """
    for name in names:
        if getattr(decoded, name) == NO_TIME:
            force_setattr(decoded, name, None)
    return decoded


def _stored(record: Record) -> Record:
    """Return the record with 0 for each time that is None."""
    match record:
        case Alert():
            return _stored_alert(record)
        case Incident():
            return _with_zeros(record, _INCIDENT_TIMES)
        case Ledger():
            return _stored_ledger(record)
        case Controls():
            silences = tuple(_with_zeros(silence, _SILENCE_TIMES) for silence in record.silences)
            return replace(record, silences=silences)
        case SourceState():
            return _with_zeros(record, _SOURCE_TIMES)
        case Shipped():
            return _with_zeros(record, _SHIPPED_TIMES)
        case WatchdogState():
            return _with_zeros(record, _WATCHDOG_TIMES)
        case Refusals():
            return record  # each of its times is set
    assert_never(record)


def _stored_alert(alert: Alert) -> Alert:
    """Name each field, which costs a third of `_with_zeros`: alerts are written with each webhook."""
    keys = "".join(alert.copies)
    if HASH in keys or SENT in keys:
        alert = _without_hashes(alert)
    copies = {
        name: Copy(
            copy.firing,
            copy.starts_at,
            copy.ends_at or NO_TIME,
            copy.said_at or NO_TIME,
            copy.believed_at or NO_TIME,
            copy.assumed,
            copy.keyed,
        )
        for name, copy in alert.copies.items()
    }
    return replace(
        alert,
        copies=copies,
        started_at=alert.started_at or NO_TIME,
        ended_at=alert.ended_at or NO_TIME,
        held_until=alert.held_until or NO_TIME,
    )


def _stored_ledger(ledger: Ledger) -> Ledger:
    return replace(
        _with_zeros(ledger, _LEDGER_TIMES),
        intent=None if ledger.intent is None else _stored_intent(ledger.intent),
        unconfirmed=tuple(_stored_intent(intent) for intent in ledger.unconfirmed),
        pending_notes=_stored_notes(ledger.pending_notes),
        hidden=tuple(_with_zeros(hidden, _HIDDEN_TIMES) for hidden in ledger.hidden),
    )


def _stored_intent(intent: Intent) -> Intent:
    return replace(intent, notes=_stored_notes(intent.notes))


def _stored_notes(notes: tuple[Note, ...]) -> tuple[Note, ...]:
    return tuple(_with_zeros(note, _NOTE_TIMES) for note in notes)


def _with_zeros(value: _Struct, names: tuple[str, ...]) -> _Struct:
    zeros = {name: NO_TIME for name in names if getattr(value, name) is None}
    return replace(value, **zeros) if zeros else value

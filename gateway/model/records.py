"""Records as the store keeps them: one byte for the format, then msgpack.

Two versions of the gateway can run side by side, because fields are only ever added at the end, with a
default. An older reader passes over a field that it does not know; a newer one fills in the default.
"""

from __future__ import annotations

import msgspec

from gateway.model.alert import Alert
from gateway.model.audit_trail import Shipped
from gateway.model.controls import Controls
from gateway.model.incident import Incident
from gateway.model.ledger import Ledger
from gateway.model.source_peers import SourceState
from gateway.model.watchdog import WatchdogState

FORMAT = b"\x01"

_encode = msgspec.msgpack.Encoder().encode
_alert = msgspec.msgpack.Decoder(Alert).decode
_incident = msgspec.msgpack.Decoder(Incident).decode
_ledger = msgspec.msgpack.Decoder(Ledger).decode
_controls = msgspec.msgpack.Decoder(Controls).decode
_watchdog_state = msgspec.msgpack.Decoder(WatchdogState).decode
_source_state = msgspec.msgpack.Decoder(SourceState).decode
_shipped = msgspec.msgpack.Decoder(Shipped).decode


def dump(
    record: Alert | Incident | Ledger | SourceState | Controls | Shipped | WatchdogState | None,
) -> bytes:
    return FORMAT + _encode(record)


def load_alert(raw: bytes) -> Alert:
    return _alert(_body(raw))


def load_incident(raw: bytes) -> Incident:
    return _incident(_body(raw))


def load_ledger(raw: bytes) -> Ledger:
    return _ledger(_body(raw))


def load_source_state(raw: bytes) -> SourceState:
    return _source_state(_body(raw))


def load_controls(raw: bytes) -> Controls:
    return _controls(_body(raw))


def load_shipped(raw: bytes) -> Shipped:
    return _shipped(_body(raw))


def load_watchdog_state(raw: bytes) -> WatchdogState:
    return _watchdog_state(_body(raw))


def _body(raw: bytes) -> memoryview:
    if raw[:1] != FORMAT:
        raise ValueError(f"a record of format {raw[:1].hex()} was written by a newer gateway")
    return memoryview(raw)[1:]

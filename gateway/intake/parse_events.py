"""Parse what Alertmanager's event recorder posts: ends that its webhook swallows, and what it mutes.

The recorder exists from Alertmanager 0.33 on (`--enable-feature=event-recorder`, eventrecorder/ in its
repository). It posts protobuf messages as JSON: one object, or with `batch: true` a list. 64-bit numbers are
decimal texts, so a fingerprint is not the webhook's sixteen hexadecimal digits. Labels are a list of pairs
in 0.33 and 0.34, and an object after that. Events may be lost, come twice (each HA peer records) and come in
any order.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from gateway.decisions.intake.normalise import Normaliser
from gateway.decisions.intake.sent_values import Malformed
from gateway.errors import BadWebhook
from gateway.intake.parse_webhook import Loss, Parsed, check_count
from gateway.model.alert import Observation
from gateway.model.quarantined import MAX_RAW, Quarantined
from gateway.model.rules.source import Source
from gateway.model.severity import Severity
from gateway.model.webhook import WireAlert

MAX_NOTE_LENGTH = 200  # characters of what a person wrote there


class _Snapshot(msgspec.Struct):
    """An alert as an event shows it."""

    fingerprint: str | int = ""
    labels: object = None
    annotations: object = None
    startsAt: datetime | None = None  # noqa: N815 - the wire's name
    endsAt: datetime | None = None  # noqa: N815
    resolved: bool = False


class _Grouped(msgspec.Struct):
    details: _Snapshot


class _Group(msgspec.Struct, frozen=True):
    receiverName: str = ""  # noqa: N815


class _Resolved(msgspec.Struct):
    alert: _Grouped
    groupInfo: _Group = _Group()  # noqa: N815


class _Silence(msgspec.Struct, frozen=True):
    id: str = ""
    createdBy: str = ""  # noqa: N815
    comment: str = ""


class _Silenced(msgspec.Struct):
    mutedAlert: _Snapshot  # noqa: N815
    silence: _Silence = _Silence()


class _Rule(msgspec.Struct):
    name: str = ""


class _Inhibited(msgspec.Struct):
    mutedAlert: _Snapshot  # noqa: N815
    inhibitRules: list[_Rule] = []  # noqa: N815
    inhibitingFingerprints: list[str | int] = []  # noqa: N815


class _Data(msgspec.Struct):
    """The part of an event that says what happened: at most one of these; other kinds of events have none."""

    alertResolved: _Resolved | None = None  # noqa: N815
    silenceMutedAlert: _Silenced | None = None  # noqa: N815
    inhibitionMutedAlert: _Inhibited | None = None  # noqa: N815


class _Event(msgspec.Struct):
    data: _Data


_one_or_many = msgspec.json.Decoder(list[msgspec.Raw] | dict[str, msgspec.Raw]).decode
_event = msgspec.json.Decoder(_Event).decode

Read = Observation | Malformed | tuple[str, str] | None


def parse_events(body: bytes, normaliser: Normaliser, now: int, trace: str = "") -> Parsed:
    """Parse a body of events; a bad event goes to quarantine alone.

    Raises `BadWebhook` for a body that holds no events at all.
    """
    try:
        found = _one_or_many(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadWebhook("", f"no event: {error}") from None
    if isinstance(found, dict) and "data" not in found:
        raise BadWebhook("data", "no event of Alertmanager's event recorder")
    events = found if isinstance(found, list) else [msgspec.Raw(body)]
    check_count(len(events))
    parsed = Parsed(normaliser.source.name, [], [])
    for raw in events:
        match _read(raw, normaliser, now, trace):
            case Observation() as seen:
                parsed.seen.append(seen)
            case Malformed() as fault:
                kept = _quarantined(normaliser, fault, raw)
                parsed.quarantined.append(kept)
                # Events only make ends known sooner: losing one wakes nobody.
                parsed.lost.append(Loss(fault.turned_away, kept.fault, Severity.WARNING))
            case (copy, by):
                parsed.quieted[copy] = by
    return parsed


def _read(raw: msgspec.Raw, normaliser: Normaliser, now: int, trace: str) -> Read:
    try:
        data = _event(raw).data
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Malformed("", str(error))
    source = normaliser.source
    if data.alertResolved is not None:
        return (
            _ended(data.alertResolved, normaliser, now, trace)
            if _is_for(source, data.alertResolved.groupInfo)
            else None
        )
    if source.alertmanager:  # its peers are asked, and say all that mutes an alert at once
        return None
    if data.silenceMutedAlert is not None:
        return _quieted(
            data.silenceMutedAlert.mutedAlert, _silence(data.silenceMutedAlert.silence), normaliser, now
        )
    if data.inhibitionMutedAlert is not None:
        return _quieted(
            data.inhibitionMutedAlert.mutedAlert, _inhibition(data.inhibitionMutedAlert), normaliser, now
        )
    return None


def _is_for(source: Source, group: _Group) -> bool:
    # The recorder reports the groups of all receivers. Those of others are not notified here.
    return not source.receiver or group.receiverName in ("", source.receiver)


def _ended(event: _Resolved, normaliser: Normaliser, now: int, trace: str) -> Observation | Malformed | None:
    details = event.alert.details
    if not details.resolved:
        return None
    return _observed(details, "resolved", normaliser, now, trace)


def _quieted(alert: _Snapshot, by: str, normaliser: Normaliser, now: int) -> tuple[str, str] | Malformed:
    seen = _observed(alert, "firing", normaliser, now, "")
    return seen if isinstance(seen, Malformed) else (seen.copy, by)


def _silence(silence: _Silence) -> str:
    """Describe the silence, so that people can find it at its Alertmanager."""
    creator = f" by {silence.createdBy}" if silence.createdBy else ""
    note = f": {silence.comment[:MAX_NOTE_LENGTH]}" if silence.comment else ""
    return f"silence {silence.id}{creator}{note}"


def _inhibition(inhibited: _Inhibited) -> str:
    names = ", ".join(sorted(rule.name for rule in inhibited.inhibitRules if rule.name))
    sources = ", ".join(sorted(_fingerprint(value) for value in inhibited.inhibitingFingerprints))
    return f"inhibited by {sources}" + (f" ({names[:MAX_NOTE_LENGTH]})" if names else "")


def _observed(
    alert: _Snapshot, status: str, normaliser: Normaliser, now: int, trace: str
) -> Observation | Malformed:
    labels, annotations = _pairs(alert.labels), _pairs(alert.annotations)
    if labels is None:
        return Malformed("labels", "neither pairs of key and value nor an object of texts")
    wire = WireAlert(
        labels, annotations or {}, status, alert.startsAt, alert.endsAt, "", _fingerprint(alert.fingerprint)
    )
    return normaliser.normalise(wire, "", now, trace)


def _fingerprint(value: str | int) -> str:
    """Return the fingerprint as the webhook writes it; empty where it is none, and is computed then."""
    number = (
        int(value)
        if isinstance(value, int) or (value.isascii() and value.isdigit() and len(value) <= 20)
        else 0
    )
    return f"{number:016x}" if 0 < number < 1 << 64 else ""


def _pairs(value: object) -> dict[str, str] | None:
    """Return labels or annotations by name, or None where they are no such thing.

    They come as `{"labels": [{"key": …, "value": …}]}` or as `{name: value}`; protobuf leaves empty values
    out.
    """
    if not isinstance(value, dict):
        return {} if value is None else None
    listed = value.get("labels")
    if isinstance(listed, list):
        if not all(isinstance(pair, dict) for pair in listed):
            return None
        value = {pair.get("key", ""): pair.get("value", "") for pair in listed}
    return value if all(isinstance(part, str) for item in value.items() for part in item) else None


def _quarantined(normaliser: Normaliser, fault: Malformed, raw: msgspec.Raw) -> Quarantined:
    place = f"events[].{fault.field}".rstrip(".")
    return Quarantined(
        normaliser.source.name, place, fault.error, bytes(raw)[:MAX_RAW], reason=fault.reason, event=True
    )

"""Parse what Alertmanager's event recorder posts: ends that its webhook swallows, and what it mutes.

The recorder exists from Alertmanager 0.33 on (`--enable-feature=event-recorder`, eventrecorder/ in its
repository). It posts protobuf messages as JSON: one object, or with `batch: true` a list. 64-bit numbers are
decimal texts, so a fingerprint is not the webhook's sixteen hexadecimal digits. Labels are a list of pairs
in 0.33 and 0.34, and an object after that. Events may be lost, come twice (each HA peer records) and come in
any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from gateway.decisions.intake.normalise import Normaliser
from gateway.decisions.intake.odd_alert import labels_of
from gateway.decisions.intake.sent_values import Malformed
from gateway.errors import BadWebhook
from gateway.intake.parse_webhook import STEP, Loss, Parsed
from gateway.intake.read_body import check_count
from gateway.intake.tolerant_json import read_one_or_many
from gateway.model.alert import Observation
from gateway.model.quarantined import MAX_RAW, Quarantined
from gateway.model.recorded_event import Event, EventData, GroupInfo, Inhibited, Resolved, Silence, Snapshot
from gateway.model.rules.source import Source
from gateway.model.severity import Severity
from gateway.model.texts import readable
from gateway.model.webhook import WireAlert

MAX_NOTE_LENGTH = 200  # characters of what a person wrote there


_strict = msgspec.json.Decoder(list[Event] | Event).decode

Read = Observation | Malformed | tuple[str, str] | None


class SentEvent(NamedTuple):
    """One event of a body, with its text as it was written."""

    event: Event | Malformed
    raw: bytes


Events = list[Event] | list[SentEvent]


def parse_events(body: bytes, normaliser: Normaliser, now: int, trace: str = "") -> Parsed:
    """Parse a body of events; a bad event goes to quarantine alone.

    Raises `BadWebhook` for a body that holds no events at all.
    """
    strict = read_events_strictly(body)
    return observe_events(read_events_tolerantly(body) if strict is None else strict, normaliser, now, trace)


def read_events_strictly(body: bytes) -> Events | None:
    """Read events as the recorder sends them; None where something in the body is otherwise."""
    try:
        found = _strict(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if isinstance(found, list) else [found]


def read_events_tolerantly(body: bytes) -> Events:
    """Read events one by one, so that a bad one spoils no other. Raises `BadWebhook`."""
    try:
        found = read_one_or_many(body)
    except ValueError as error:
        raise BadWebhook("", f"no event: {readable(str(error))}") from None
    elements = found if isinstance(found, list) else [found]
    alone = elements[0].value if not isinstance(found, list) else {"data": None}
    if not isinstance(alone, dict) or "data" not in alone:
        raise BadWebhook("data", "no event of Alertmanager's event recorder")
    check_count(len(elements))
    return [SentEvent(_converted(element.value), element.raw) for element in elements]


def _converted(value: object) -> Event | Malformed:
    try:
        return msgspec.convert(value, Event)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        return Malformed("", readable(str(error)))


def observe_events(events: Events, normaliser: Normaliser, now: int, trace: str = "") -> Parsed:
    """Make observations of events. Raises `BadWebhook` for too many of them."""
    *_, parsed = observing_events(events, normaliser, now, trace)
    return parsed


def observing_events(events: Events, normaliser: Normaliser, now: int, trace: str = "") -> Iterator[Parsed]:
    """Yield what is read at once, and again after every `STEP` events, until all are observed.

    Raises `BadWebhook` for too many of them.
    """
    check_count(len(events))
    parsed = Parsed(normaliser.source.name, [], [], from_recorder=True)
    yield parsed
    items: Iterable[Event | SentEvent] = events
    for number, item in enumerate(items, 1):
        event = item.event if isinstance(item, SentEvent) else item
        match event if isinstance(event, Malformed) else _read(event.data, normaliser, now, trace):
            case Observation() as seen:
                parsed.seen.append(seen)
            case Malformed() as fault:
                raw = item.raw if isinstance(item, SentEvent) else msgspec.json.encode(item)
                kept = _quarantined(normaliser, fault, raw)
                parsed.quarantined.append(kept)
                # Events only make ends known sooner: losing one wakes nobody.
                parsed.lost.append(Loss(fault.turned_away, kept.fault, Severity.WARNING))
            case (copy, by):
                parsed.quieted[copy] = by
        if number % STEP == 0:
            yield parsed


def _read(data: EventData, normaliser: Normaliser, now: int, trace: str) -> Read:
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


def _is_for(source: Source, group: GroupInfo) -> bool:
    # The recorder reports the groups of all receivers. Those of others are not notified here.
    return not source.receiver or group.receiverName in ("", source.receiver)


def _ended(event: Resolved, normaliser: Normaliser, now: int, trace: str) -> Observation | Malformed | None:
    details = event.alert.details
    if not details.resolved:
        return None
    return _observed(details, "resolved", normaliser, now, trace)


def _quieted(alert: Snapshot, by: str, normaliser: Normaliser, now: int) -> tuple[str, str] | Malformed:
    seen = _observed(alert, "firing", normaliser, now, "")
    return seen if isinstance(seen, Malformed) else (seen.copy, by)


def _silence(silence: Silence) -> str:
    """Describe the silence, so that people can find it at its Alertmanager."""
    creator = f" by {silence.createdBy}" if silence.createdBy else ""
    note = f": {silence.comment[:MAX_NOTE_LENGTH]}" if silence.comment else ""
    return f"silence {silence.id}{creator}{note}"


def _inhibition(inhibited: Inhibited) -> str:
    names = ", ".join(sorted(rule.name for rule in inhibited.inhibitRules if rule.name))
    sources = ", ".join(sorted(_fingerprint(value) for value in inhibited.inhibitingFingerprints))
    return f"inhibited by {sources}" + (f" ({names[:MAX_NOTE_LENGTH]})" if names else "")


def _observed(
    alert: Snapshot, status: str, normaliser: Normaliser, now: int, trace: str
) -> Observation | Malformed:
    labels, annotations = _pairs(alert.labels), _pairs(alert.annotations)
    if isinstance(labels, Malformed):
        return labels
    texts = {} if isinstance(annotations, Malformed) else annotations
    wire = WireAlert(
        labels,
        {readable(name): readable(text) for name, text in texts.items()},
        status,
        alert.startsAt,
        alert.endsAt,
        "",
        _fingerprint(alert.fingerprint),
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


def _pairs(value: object) -> dict[str, str] | Malformed:
    """Return labels or annotations by name.

    They come as `{"labels": [{"key": …, "value": …}]}` or as `{name: value}`; protobuf leaves empty values
    out.
    """
    listed = value.get("labels") if isinstance(value, dict) else None
    if not isinstance(listed, list):
        return labels_of(value)
    if not all(isinstance(pair, dict) for pair in listed):
        return Malformed("labels", "neither pairs of key and value nor an object of texts")
    return labels_of({str(pair.get("key", "")): pair.get("value", "") for pair in listed})


def _quarantined(normaliser: Normaliser, fault: Malformed, raw: bytes) -> Quarantined:
    place = f"events[].{fault.field}".rstrip(".")
    return Quarantined(
        normaliser.source.name, place, fault.error, raw[:MAX_RAW], reason=fault.reason, event=True
    )

"""Parse a webhook's body into observations.

It is read strictly first, as Alertmanager sends it. A body that is not so is read tolerantly and alert by
alert, so that what is plain is taken and a bad alert spoils no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from gateway.decisions.intake.group import group_of
from gateway.decisions.intake.normalise import Normaliser
from gateway.decisions.intake.odd_alert import as_wire
from gateway.decisions.intake.sent_values import Malformed, is_text
from gateway.errors import BadWebhook
from gateway.intake.tolerant_json import read_object
from gateway.model.alert import Observation
from gateway.model.quarantined import MAX_RAW, Quarantined
from gateway.model.severity import Severity
from gateway.model.texts import readable
from gateway.model.truncated_groups import GroupReport
from gateway.model.turned_away import TurnedAwayReason
from gateway.model.webhook import Number, WireAlert, WireBody

MAX_ALERTS = 50_000
STEP = 500  # alerts, observed within a few ms

_strict = msgspec.json.Decoder(WireBody).decode


class Loss(NamedTuple):
    """Why one alert goes to quarantine, and how bad it says to be: critical where it says nothing."""

    reason: TurnedAwayReason
    error: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class Parsed:
    """The content of one body; `quieted` has, by copy, what keeps it quiet at its source.

    `lost` says of each alert in `quarantined` what people should hear of it, `groups` what the body says
    of its group as a whole.
    """

    source: str
    seen: list[Observation]
    quarantined: list[Quarantined]
    receiver: str = ""
    group: str = ""
    truncated: int = 0
    quieted: dict[str, str] = field(default_factory=dict)
    lost: list[Loss] = field(default_factory=list)
    groups: list[GroupReport] = field(default_factory=list)
    from_recorder: bool = False  # events of the recorder beside Alertmanager, not a webhook


class SentAlert(NamedTuple):
    """One alert of a body with something odd in it, with its text as it was written."""

    alert: WireAlert | Malformed
    sent: object
    raw: bytes


@dataclass(frozen=True, slots=True)
class OddBody:
    """A body with something odd in it. Its own fields count only where they are what they should be."""

    alerts: list[SentAlert]
    status: str
    receiver: str
    group: str
    truncated: int
    reason: str


def parse(body: bytes, normaliser: Normaliser, now: int, trace: str = "") -> Parsed:
    """Parse a webhook; a bad alert goes to quarantine alone.

    Raises `BadWebhook` for a body that is no webhook at all.
    """
    strict = read_strictly(body)
    return observe(read_tolerantly(body) if strict is None else strict, normaliser, now, trace)


def read_strictly(body: bytes) -> WireBody | None:
    """Read a body as Alertmanager sends it; None where something in it is otherwise."""
    try:
        return _strict(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # The strict reader refuses the whole body for one bad alert, while people need the good ones.
        return None


def read_tolerantly(body: bytes) -> OddBody:
    """Read a body alert by alert, so that a bad one spoils no other. Raises `BadWebhook`."""
    try:
        parts = read_object(body, "alerts")
    except ValueError as error:
        raise BadWebhook("", f"not JSON: {readable(str(error))}") from None
    if parts is None or parts.elements is None:
        what = "its body is no object" if parts is None else "it has no list of alerts"
        raise BadWebhook("alerts", f"not an Alertmanager webhook: {what}")
    check_count(len(parts.elements))
    texts = {name: readable(value) for name, value in parts.fields.items() if is_text(value)}
    left_out = parts.fields.get("truncatedAlerts")
    return OddBody(
        [SentAlert(as_wire(element.value), element.value, element.raw) for element in parts.elements],
        texts.get("status", ""),
        texts.get("receiver", ""),
        texts.get("groupKey", ""),
        int(left_out) if isinstance(left_out, Number) and left_out.isdigit() and len(left_out) < 16 else 0,
        texts.get("notification_reason", ""),
    )


def observe(body: WireBody | OddBody, normaliser: Normaliser, now: int, trace: str = "") -> Parsed:
    """Make observations of what was read. Raises `BadWebhook` for too many alerts."""
    *_, parsed = observing(body, normaliser, now, trace)
    return parsed


def observing(
    body: WireBody | OddBody, normaliser: Normaliser, now: int, trace: str = ""
) -> Iterator[Parsed]:
    """Yield the webhook at once, and again after every `STEP` of its alerts, until all are observed.

    A large body must not keep other requests waiting. Raises `BadWebhook` for too many alerts.
    """
    check_count(len(body.alerts))
    if isinstance(body, OddBody):
        receiver, key, left_out, reason = body.receiver, body.group, body.truncated, body.reason
    else:
        receiver, key, left_out = body.receiver, body.groupKey, body.truncatedAlerts
        reason = body.notification_reason
    parsed = Parsed(normaliser.source.name, [], [], receiver, key, max(0, left_out))
    yield parsed
    group = group_of(parsed.source, receiver, key, parsed.truncated, reason)
    alerts: Iterable[SentAlert | WireAlert] = body.alerts
    for number, item in enumerate(alerts, 1):
        alert = item.alert if isinstance(item, SentAlert) else item
        found = (
            alert
            if isinstance(alert, Malformed)
            else normaliser.normalise(alert, body.status, now, trace, group)
        )
        if isinstance(found, Malformed):
            _quarantine(parsed, normaliser, found, item)
        else:
            parsed.seen.append(found)
        if number % STEP == 0:
            yield parsed
    if group.name:
        # What nobody could read may fire.
        over = not parsed.quarantined and not any(seen.firing for seen in parsed.seen)
        parsed.groups.append(GroupReport(group.name, group.left_out, over, trace))


def check_count(count: int) -> None:
    if count > MAX_ALERTS:
        # One unbounded body would keep the alerts of all other senders waiting.
        limit = f"at most {MAX_ALERTS} are taken at once; set max_alerts on the receiver"
        raise BadWebhook("alerts", f"{count} of them: {limit}")


def _quarantine(
    parsed: Parsed, normaliser: Normaliser, found: Malformed, item: SentAlert | WireAlert
) -> None:
    """Keep a bad alert, without its position in the body, so a repeated fault is one entry."""
    place = f"alerts[].{found.field}".rstrip(".")
    raw = item.raw if isinstance(item, SentAlert) else msgspec.json.encode(item)
    sent = item.sent if isinstance(item, SentAlert) else {"labels": item.labels}
    labels = sent.get("labels") if isinstance(sent, dict) else None
    kept = Quarantined(parsed.source, place, found.error, raw[:MAX_RAW], reason=found.reason)
    parsed.quarantined.append(kept)
    name = kept.label("alertname")
    said = f"{name}: {kept.fault}" if name else kept.fault
    parsed.lost.append(Loss(found.turned_away, said, normaliser.severity_said(labels)))

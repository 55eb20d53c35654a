"""Read a webhook's body: strictly, as Alertmanager sends it, and tolerantly where something is otherwise.

Read tolerantly a body is read alert by alert, so that what is plain is taken and a bad alert spoils no other.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from gateway.decisions.intake.odd_alert import as_wire
from gateway.decisions.intake.sent_values import Malformed, is_text
from gateway.errors import BadWebhook
from gateway.intake.repeats import Known, Recall
from gateway.intake.tolerant_json import read_object
from gateway.model.texts import readable
from gateway.model.webhook import Number, WireAlert, WireBody

MAX_ALERTS = 50_000

_strict = msgspec.json.Decoder(WireBody).decode
_strict_alert = msgspec.json.Decoder(WireAlert).decode


class SentAlert(msgspec.Struct, frozen=True, gc=False):
    """One alert of a body: as it was read, or as the `key` of its bytes is known, and its text.

    `sent` is what the tolerant reader made of the text.
    """

    alert: WireAlert | Malformed | Known
    raw: bytes | msgspec.Raw
    sent: object = None
    key: bytes = b""

    @property
    def labels(self) -> object:
        """What was sent as its labels."""
        sent = {"labels": self.alert.labels} if isinstance(self.alert, WireAlert) else self.sent
        return sent.get("labels") if isinstance(sent, dict) else None


@dataclass(frozen=True, slots=True)
class Body:
    """A body as it was read. The fields of an odd one count only where they are what they should be."""

    alerts: list[SentAlert]
    status: str
    receiver: str
    group: str
    truncated: int
    reason: str


def read_strictly(body: bytes, recall: Recall | None = None) -> Body | None:
    """Read a body as Alertmanager sends it; None where something in it is otherwise.

    Raises `BadWebhook` for too many alerts. An alert that was sent before as it is, which `recall`
    knows, is not read again.
    """
    try:
        read = _strict(body)
        check_count(len(read.alerts))
        # The incidents of a group that was cut short are found by its alerts, so each of these is read.
        alerts = _read(read.alerts, None if read.truncatedAlerts > 0 else recall)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # The strict reader refuses the whole body for one bad alert, while people need the good ones.
        return None
    return Body(
        alerts,
        read.status,
        read.receiver,
        read.groupKey,
        max(0, read.truncatedAlerts),
        read.notification_reason,
    )


def _read(alerts: list[msgspec.Raw], recall: Recall | None) -> list[SentAlert]:
    if recall is None:
        return [SentAlert(_strict_alert(raw), raw) for raw in alerts]
    keyed = [(raw, recall.key(raw)) for raw in alerts]
    return [SentAlert(recall.known(key) or _strict_alert(raw), raw, key=key) for raw, key in keyed]


def read_tolerantly(body: bytes) -> Body:
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
    return Body(
        [SentAlert(as_wire(element.value), element.raw, element.value) for element in parts.elements],
        texts.get("status", ""),
        texts.get("receiver", ""),
        texts.get("groupKey", ""),
        int(left_out) if isinstance(left_out, Number) and left_out.isdigit() and len(left_out) < 16 else 0,
        texts.get("notification_reason", ""),
    )


def read_again(raw: msgspec.Raw | bytes) -> WireAlert:
    """Read an alert whose bytes were read strictly before."""
    return _strict_alert(raw)


def check_count(count: int) -> None:
    if count > MAX_ALERTS:
        # One unbounded body would keep the alerts of all other senders waiting.
        limit = f"at most {MAX_ALERTS} are taken at once; set max_alerts on the receiver"
        raise BadWebhook("alerts", f"{count} of them: {limit}")

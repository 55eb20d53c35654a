"""Parse a webhook's body into observations.

It is read strictly first, as Alertmanager sends it. A body that is not so is read alert by alert, so that a
bad one spoils no other.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from gateway.decisions.intake.normalise import Normaliser
from gateway.decisions.intake.sent_values import Malformed
from gateway.errors import BadWebhook
from gateway.model.alert import Observation
from gateway.model.quarantined import MAX_RAW, Quarantined
from gateway.model.webhook import LooseAlert, LooseBody, WireBody

MAX_ALERTS = 50_000

_strict = msgspec.json.Decoder(WireBody).decode
_loose = msgspec.json.Decoder(LooseBody).decode
_loose_alert = msgspec.json.Decoder(LooseAlert).decode


@dataclass(frozen=True, slots=True)
class Parsed:
    """The content of one body; `quieted` has, by copy, what keeps it quiet at its source."""

    source: str
    seen: list[Observation]
    quarantined: list[Quarantined]
    receiver: str = ""
    group: str = ""
    truncated: int = 0
    quieted: dict[str, str] = field(default_factory=dict)


def parse(body: bytes, normaliser: Normaliser, now: int, trace: str = "") -> Parsed:
    """Parse a webhook; a bad alert goes to quarantine alone.

    Raises `BadWebhook` for a body that is no webhook at all.
    """
    try:
        strict = _strict(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # The strict reader refuses the whole body for one bad alert, while people need the good ones.
        return _parse_loosely(body, normaliser, now, trace)
    check_count(len(strict.alerts))
    seen: list[Observation] = []
    quarantined: list[Quarantined] = []
    for alert in strict.alerts:
        found = normaliser.normalise(alert, strict.status, now, trace)
        if isinstance(found, Malformed):
            quarantined.append(_quarantined(normaliser, found, msgspec.json.encode(alert)))
        else:
            seen.append(found)
    return Parsed(
        normaliser.source.name, seen, quarantined, strict.receiver, strict.groupKey, strict.truncatedAlerts
    )


def _parse_loosely(body: bytes, normaliser: Normaliser, now: int, trace: str) -> Parsed:
    try:
        loose = _loose(body)
    except msgspec.ValidationError as error:
        raise BadWebhook("alerts", f"not an Alertmanager webhook: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadWebhook("", f"not JSON: {error}") from None
    check_count(len(loose.alerts))
    group_status = loose.status if isinstance(loose.status, str) else ""
    seen: list[Observation] = []
    quarantined: list[Quarantined] = []
    for raw in loose.alerts:
        try:
            alert = _loose_alert(raw)
            found = normaliser.normalise_loosely(alert, group_status, now, trace)
        except UnicodeDecodeError:
            found = Malformed("", "not UTF-8")
        except (msgspec.DecodeError, RecursionError) as error:
            found = Malformed("", str(error))
        if isinstance(found, Malformed):
            quarantined.append(_quarantined(normaliser, found, bytes(raw)))
        else:
            seen.append(found)
    receiver, group = (text if isinstance(text, str) else "" for text in (loose.receiver, loose.groupKey))
    truncated = loose.truncatedAlerts if isinstance(loose.truncatedAlerts, int) else 0
    return Parsed(normaliser.source.name, seen, quarantined, receiver, group, truncated)


def check_count(count: int) -> None:
    if count > MAX_ALERTS:
        # One unbounded body would keep the alerts of all other senders waiting.
        limit = f"at most {MAX_ALERTS} are taken at once; set max_alerts on the receiver"
        raise BadWebhook("alerts", f"{count} of them: {limit}")


def _quarantined(normaliser: Normaliser, found: Malformed, raw: bytes) -> Quarantined:
    """Return the entry for a bad alert, without its position in the body, so a repeated fault is one entry."""
    place = f"alerts[].{found.field}".rstrip(".")
    return Quarantined(normaliser.source.name, place, found.error, raw[:MAX_RAW], reason=found.reason)

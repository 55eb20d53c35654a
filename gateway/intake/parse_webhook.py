"""Parse a webhook's body into observations.

It is read strictly first, as Alertmanager sends it. A body that is not so is read alert by alert, so that a
bad one spoils no other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from gateway.decisions.intake.group import group_of
from gateway.decisions.intake.normalise import Normaliser
from gateway.decisions.intake.sent_values import Malformed
from gateway.errors import BadWebhook
from gateway.model.alert import Observation
from gateway.model.quarantined import MAX_RAW, Quarantined
from gateway.model.severity import Severity
from gateway.model.turned_away import TurnedAwayReason
from gateway.model.webhook import LooseAlert, LooseBody, WireBody

MAX_ALERTS = 50_000

_strict = msgspec.json.Decoder(WireBody).decode
_loose = msgspec.json.Decoder(LooseBody).decode
_loose_alert = msgspec.json.Decoder(LooseAlert).decode


class Loss(NamedTuple):
    """Why one alert goes to quarantine, and how bad it says to be: critical where it says nothing."""

    reason: TurnedAwayReason
    error: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class Parsed:
    """The content of one body; `quieted` has, by copy, what keeps it quiet at its source.

    `lost` says of each alert in `quarantined` what people should hear of it.
    """

    source: str
    seen: list[Observation]
    quarantined: list[Quarantined]
    receiver: str = ""
    group: str = ""
    truncated: int = 0
    quieted: dict[str, str] = field(default_factory=dict)
    lost: list[Loss] = field(default_factory=list)


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
    parsed = Parsed(
        normaliser.source.name, [], [], strict.receiver, strict.groupKey, max(0, strict.truncatedAlerts)
    )
    group = group_of(parsed.source, parsed.receiver, parsed.group, parsed.truncated)
    for alert in strict.alerts:
        found = normaliser.normalise(alert, strict.status, now, trace, group)
        if isinstance(found, Malformed):
            _quarantine(parsed, normaliser, found, msgspec.json.encode(alert), alert.labels)
        else:
            parsed.seen.append(found)
    return parsed


def _parse_loosely(body: bytes, normaliser: Normaliser, now: int, trace: str) -> Parsed:
    try:
        loose = _loose(body)
    except msgspec.ValidationError as error:
        raise BadWebhook("alerts", f"not an Alertmanager webhook: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadWebhook("", f"not JSON: {error}") from None
    check_count(len(loose.alerts))
    group_status = loose.status if isinstance(loose.status, str) else ""
    receiver, key = (text if isinstance(text, str) else "" for text in (loose.receiver, loose.groupKey))
    truncated = loose.truncatedAlerts if isinstance(loose.truncatedAlerts, int) else 0
    parsed = Parsed(normaliser.source.name, [], [], receiver, key, max(0, truncated))
    group = group_of(parsed.source, receiver, key, parsed.truncated)
    for raw in loose.alerts:
        alert = None
        try:
            alert = _loose_alert(raw)
            found = normaliser.normalise_loosely(alert, group_status, now, trace, group)
        except UnicodeDecodeError:
            found = Malformed("", "not UTF-8")
        except (msgspec.DecodeError, RecursionError) as error:
            found = Malformed("", str(error))
        if isinstance(found, Malformed):
            _quarantine(parsed, normaliser, found, bytes(raw), alert.labels if alert else None)
        else:
            parsed.seen.append(found)
    return parsed


def check_count(count: int) -> None:
    if count > MAX_ALERTS:
        # One unbounded body would keep the alerts of all other senders waiting.
        limit = f"at most {MAX_ALERTS} are taken at once; set max_alerts on the receiver"
        raise BadWebhook("alerts", f"{count} of them: {limit}")


def _quarantine(parsed: Parsed, normaliser: Normaliser, found: Malformed, raw: bytes, labels: object) -> None:
    """Keep a bad alert, without its position in the body, so a repeated fault is one entry."""
    place = f"alerts[].{found.field}".rstrip(".")
    kept = Quarantined(parsed.source, place, found.error, raw[:MAX_RAW], reason=found.reason)
    parsed.quarantined.append(kept)
    parsed.lost.append(Loss(found.turned_away, kept.fault, normaliser.severity_said(labels)))

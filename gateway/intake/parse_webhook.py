"""Parse a webhook's body into observations. `read_body.py` reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.decisions.intake.group import Group, group_of
from gateway.decisions.intake.normalise import Normaliser
from gateway.decisions.intake.sent_values import Malformed
from gateway.intake.read_body import Body, SentAlert, check_count, read_again, read_strictly, read_tolerantly
from gateway.intake.repeats import Known, Repeat, Sighting, without_repeats
from gateway.model.alert import Observation
from gateway.model.quarantined import MAX_RAW, Quarantined
from gateway.model.severity import Severity
from gateway.model.truncated_groups import GroupReport
from gateway.model.turned_away import TurnedAwayReason
from gateway.model.webhook import WireAlert

STEP = 500  # alerts, observed within a few ms


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
    seen: list[Sighting]
    quarantined: list[Quarantined]
    receiver: str = ""
    group: str = ""
    truncated: int = 0
    quieted: dict[str, str] = field(default_factory=dict)
    lost: list[Loss] = field(default_factory=list)
    groups: list[GroupReport] = field(default_factory=list)
    from_recorder: bool = False  # events of the recorder beside Alertmanager, not a webhook

    @property
    def observations(self) -> list[Observation]:
        """What was seen, with an observation in the place of each repeat."""
        return without_repeats(self.seen)


def parse(body: bytes, normaliser: Normaliser, now: int, trace: str = "") -> Parsed:
    """Parse a webhook; a bad alert goes to quarantine alone.

    Raises `BadWebhook` for a body that is no webhook at all.
    """
    return observe(read_strictly(body) or read_tolerantly(body), normaliser, now, trace)


def observe(body: Body, normaliser: Normaliser, now: int, trace: str = "") -> Parsed:
    """Make observations of what was read. Raises `BadWebhook` for too many alerts."""
    *_, parsed = observing(body, normaliser, now, trace)
    return parsed


def observing(body: Body, normaliser: Normaliser, now: int, trace: str = "") -> Iterator[Parsed]:
    """Yield the webhook at once, and again after every `STEP` of its alerts, until all are observed.

    A large body must not keep other requests waiting. Raises `BadWebhook` for too many alerts.
    """
    check_count(len(body.alerts))
    parsed = Parsed(normaliser.source.name, [], [], body.receiver, body.group, body.truncated)
    yield parsed
    group = group_of(parsed.source, body.receiver, body.group, body.truncated, body.reason)
    sent = _Sent(normaliser, body.status, now, trace, group)
    for number, item in enumerate(body.alerts, 1):
        found = sent.sighting(item)
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


class _Sent(NamedTuple):
    """What all alerts of one body have in common."""

    normaliser: Normaliser
    status: str
    now: int
    trace: str
    group: Group

    def sighting(self, item: SentAlert) -> Sighting | Malformed:
        alert = item.alert
        if isinstance(alert, Known):
            return Repeat(self.normaliser.source.name, alert, item.key, item.raw, self._observe_again)
        return alert if isinstance(alert, Malformed) else self._normalised(alert, item.key)

    def _normalised(self, alert: WireAlert, key: bytes) -> Observation | Malformed:
        return self.normaliser.normalise(alert, self.status, self.now, self.trace, self.group, key)

    def _observe_again(self, repeat: Repeat) -> Observation:
        found = self._normalised(read_again(repeat.raw), repeat.key)
        assert isinstance(found, Observation)  # its bytes were observed before by the same rules
        return found


def _quarantine(parsed: Parsed, normaliser: Normaliser, found: Malformed, item: SentAlert) -> None:
    """Keep a bad alert, without its position in the body, so a repeated fault is one entry."""
    place = f"alerts[].{found.field}".rstrip(".")
    raw = bytes(item.raw)[:MAX_RAW]
    kept = Quarantined(parsed.source, place, found.error, raw, reason=found.reason)
    parsed.quarantined.append(kept)
    name = kept.label("alertname")
    said = f"{name}: {kept.fault}" if name else kept.fault
    parsed.lost.append(Loss(found.turned_away, said, normaliser.severity_said(item.labels)))

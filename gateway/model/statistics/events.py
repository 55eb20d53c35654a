"""The events of statistics, and the line of NDJSON that each of them is.

All figures are made from these events alone, so that anybody can compute them again. `at` is the store's time
of the commit that wrote the event; `said_at` is when the thing happened by the vendor's clock, never after
`at`. All times are ms.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from gateway.model.statistics.settings import PrecisionBlock

CallKind = Literal["first", "late", "escalation", "fallback", "reminder", "rise", "again"]
Trust = Literal["person", "pagerduty_human", "slack_ack_note", "self_resolved"]
Worth = Literal["actionable", "noise", "missed"]
NoiseReason = Literal["expected", "duplicate", "self-healed", "too sensitive", "wrong owner"]
EndKind = Literal["observed", "inferred", "by_hand", "not_recovered"]
TouchKind = Literal["note", "reassigned", "resolved_at_vendor"]
Exemption = Literal["known_before", "inhibitor_paged"]
Basis = Literal["assigned", "notified"]

SERVICE_SEEN = "service_seen|"  # how the ids of these events begin, which are kept for ever


class RuleRef(msgspec.Struct, frozen=True, gc=False):
    """A rule, and where it stands."""

    name: str
    file: str = ""
    line: int = 0


class SpellEntity(msgspec.Struct, frozen=True, gc=False):
    """What a quiet alert is about; None for what it does not say."""

    partition: str = ""
    scope: str | None = None
    service: str | None = None
    thing: str | None = None


class Event(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag_field="kind"):
    """The fields of every event. `id` is unique over all kinds and shards, and the same after `migrate`."""

    id: str
    at: int
    shard: int
    seq: int


class Page(Event, tag="page", frozen=True, gc=False, kw_only=True):
    """The first call of one (incident, target, life); its id is `<incident>|<target>|<life>`."""

    incident: str
    target: str
    destination: str
    life: int
    draw: float
    started_at: int
    route: str | None
    correlate_rule: RuleRef | None
    alertname: str | None
    alertnames: tuple[str, ...]
    service: str | None
    thing: str | None
    scope: str | None
    partition: str
    team: str | None
    severity: str | None
    own: bool


class Call(Event, tag="call", frozen=True, gc=False, kw_only=True):
    """A send that calls somebody and that the vendor took. `page` is the id of its page."""

    page: str
    call_kind: CallKind
    step: int | None
    fallback_of: str | None
    duplicate: bool
    sent_at: int
    confirmed: bool


class CallConfirmed(Event, tag="call_confirmed", frozen=True, gc=False, kw_only=True):
    call: str


class PersonCalled(Event, tag="person_called", frozen=True, gc=False, kw_only=True):
    """A person, by pseudonym, whom a call reached. The same pair may be known as assigned and as notified."""

    call: str
    person: str
    basis: Basis
    zone: str
    zone_assumed: bool


class Act(Event, frozen=True, gc=False, kw_only=True):
    """What somebody did to an incident. `human`: a person, not an integration or a timeout."""

    incident: str
    episodes: tuple[str, ...]
    by: str | None
    through: str
    human: bool
    note: bool
    said_at: int


class Acknowledged(Act, tag="acknowledged", frozen=True, gc=False, kw_only=True):
    pass


class Unacknowledged(Act, tag="unacknowledged", frozen=True, gc=False, kw_only=True):
    pass


class Snoozed(Act, tag="snoozed", frozen=True, gc=False, kw_only=True):
    pass


class Silenced(Act, tag="silenced", frozen=True, gc=False, kw_only=True):
    pass


class Closed(Act, tag="closed", frozen=True, gc=False, kw_only=True):
    pass


class Reopened(Act, tag="reopened", frozen=True, gc=False, kw_only=True):
    """Somebody reopened it, or a close by hand ran out."""


class Touched(Act, tag="touched", frozen=True, gc=False, kw_only=True):
    what: TouchKind


class IncidentEnd(Event, tag="incident_end", frozen=True, gc=False, kw_only=True):
    """The end of an incident, and how it is known. `ended_at` is None where no end was seen."""

    incident: str
    started_at: int
    ended_at: int | None
    how: EndKind
    last_seen_at: int


class Label(Event, tag="label", frozen=True, gc=False, kw_only=True):
    """A judgement of pages, or of one episode that was kept quiet. `by` is None for an implied label."""

    pages: tuple[str, ...] = ()
    episode: str | None = None
    value: Worth
    trust: Trust
    by: str | None
    reason: str | None
    said_at: int


class LabelWithdrawn(Event, tag="label_withdrawn", frozen=True, gc=False, kw_only=True):
    label: str
    by: str | None


class QuietSpell(Event, tag="quiet_spell", frozen=True, gc=False, kw_only=True, rename={"from_": "from"}):
    """An (episode, target, rule) that was kept quiet, from its first verdict on."""

    episode: str
    incident: str | None
    target: str
    destination: str
    rule: str
    reason: str
    also: tuple[str, ...]
    from_: int
    would_tell_at: int | None
    entity: SpellEntity
    exempt: Exemption | None
    alertname: str | None
    correlate_rule: RuleRef | None
    route: str | None
    team: str | None
    severity: str | None


class ServiceSeen(Event, tag="service_seen", frozen=True, gc=False, kw_only=True):
    """The first alert ever seen of a service with this name."""

    service: str
    alertname: str


class OnCall(Event, tag="on_call", frozen=True, gc=False, kw_only=True, rename={"from_": "from"}):
    """A stretch of a person's shift. It is written afterwards, so it is never taken back."""

    person: str
    from_: int
    until: int
    level: int


class RulesChanged(Event, tag="rules", frozen=True, gc=False, kw_only=True):
    """The settings of statistics, as they are from now on."""

    revision: str
    precision: PrecisionBlock


ActEvent = Acknowledged | Unacknowledged | Snoozed | Silenced | Closed | Reopened | Touched
AnyEvent = (
    Page
    | Call
    | CallConfirmed
    | PersonCalled
    | ActEvent
    | IncidentEnd
    | Label
    | LabelWithdrawn
    | QuietSpell
    | ServiceSeen
    | OnCall
    | RulesChanged
)

_encode = msgspec.json.Encoder().encode
_decode: Callable[[bytes | str], AnyEvent] = msgspec.json.Decoder(AnyEvent).decode


def page_id(incident: str, target: str, life: int) -> str:
    return f"{incident}|{target}|{life}"


def to_line(event: AnyEvent) -> bytes:
    """Return the event as a line of NDJSON, with its line feed."""
    return _encode(event) + b"\n"


def from_line(line: bytes | str) -> AnyEvent:
    """Read a line. Raises `ValueError` where it is no event; fields of a newer version are passed over."""
    return _decode(line)

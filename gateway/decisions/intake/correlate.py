"""Choose the incident that an episode belongs to.

The join keys of an alert name candidates. A pure scorer with total tie-breaks picks one, or says that a new
incident is opened. Grouping by labels gives one key. Another way of relating alerts would add join keys and
change nothing else.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from hashlib import blake2b

from gateway.decisions.calendar import Calendar
from gateway.decisions.intake.patience import Patience
from gateway.decisions.partition import kept_apart
from gateway.decisions.route import Router
from gateway.decisions.rule_index import RuleIndex
from gateway.decisions.sources.watchdogs import Watchdogs
from gateway.decisions.suppression.inhibit import Inhibitor
from gateway.model.alert import Alert
from gateway.model.durations import HOUR
from gateway.model.incident import Incident
from gateway.model.rules.kinds import ALL_LABELS, DEFAULT_CORRELATE, CorrelateRule
from gateway.model.rules.route import ALWAYS
from gateway.model.rules.rulebook import Rulebook

LIVES_KEPT = 4  # episodes for each alert that an incident may have, on average
KEY_DEPTH = 4
CHAIN_KEPT = 16  # incidents before that a continuing one looks at
RECURS_WITHIN_MS = HOUR  # after the last change of the incident before


@dataclass(frozen=True, slots=True)
class Placement:
    """The incidents that an alert may join: its rule, its join keys, and the values that the rule's
    `max_values` counts.
    """

    rule: CorrelateRule
    keys: tuple[str, ...]
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """An incident to join, or (empty) a new one that goes on from `previous`.

    `alone` says why it takes no other alerts. `continues` names the incidents that would take the alert if
    they were not full, the newest last. `recurs` counts the incidents that the same alert has opened before,
    from `recurs_since` (ms) on.
    """

    incident: str
    previous: str = ""
    alone: str = ""
    continues: tuple[str, ...] = ()
    recurs: int = 0
    recurs_since: int | None = None


class Correlator:
    """The correlate rules of one rule set, compiled, and its inhibit rules, by which an alert is a source at
    topics. `patience` says how long the plan of a join may wait.
    """

    def __init__(
        self, rules: Rulebook, router: Router | None = None, watchdogs: Watchdogs | None = None
    ) -> None:
        self.inhibitor = Inhibitor(rules.inhibit, rules.partition_by)
        self._apart = rules.partition_by
        self._calendar = Calendar(rules.intervals)
        self._rules = (*rules.correlate, DEFAULT_CORRELATE)
        self._index = RuleIndex([rule.match for rule in self._rules])
        if router is None or watchdogs is None:
            router, watchdogs = Router(rules, self._calendar), Watchdogs(rules, self._calendar)
        self.patience = Patience(router, watchdogs, self.inhibitor, rules.revision)

    def placement(self, alert: Alert, wall: int) -> Placement:
        """Place an alert by the first rule that matches and is in force; the built-in rule takes everything."""
        matching = (self._rules[number] for number in self._index.matching(alert.labels))
        rule = next((rule for rule in matching if self._in_force(rule, wall)), DEFAULT_CORRELATE)
        labels = alert.labels
        # A stop value such as an empty service says nothing of what belongs together, so that alert stays
        # alone.
        if rule.by == (ALL_LABELS,) or any(
            labels.get(name, "") in stop for name, stop in rule.stop_values.items()
        ):
            return Placement(rule, (_key(rule.name, "alone", alert.id),))
        parts = [part for name in kept_apart(rule.by, self._apart) for part in (name, labels.get(name, ""))]
        return Placement(
            rule, (_key(rule.name, "by", *parts),), tuple((n, labels.get(n, "")) for n in rule.max_values)
        )

    def _in_force(self, rule: CorrelateRule, wall: int) -> bool:
        return rule.hours == ALWAYS or self._calendar.holds(rule.hours, wall)


def choose(placement: Placement, own: str, candidates: Collection[Incident], now: int) -> Choice:
    """Choose the incident for an alert.

    `own` is the incident of the alert's previous episode; while it is open and has room, the alert returns to
    it.
    """
    fits = [incident for incident in candidates if takes(incident, placement, own, now)]
    if fits:
        # The alert's own incident goes first, since people follow its message already. The ids at the end
        # make every replica choose alike.
        best = max(fits, key=lambda fit: (fit.id == own, fit.last_new_at, fit.opened_at, fit.id))
        return Choice(best.id)
    full = [known for known in candidates if _would_take(known, placement, own, now)]
    if full:
        # It is more of the same: the new incident goes on where the last one is full.
        last = max(full, key=lambda known: (len(known.continues), known.last_new_at, known.id))
        return Choice("", last.id, continues=_chain(last))
    # The new incident names the one before, where its reader finds what was done the last time.
    before = max(
        candidates, key=lambda known: (known.id == own, known.last_change_at, known.id), default=None
    )
    choice = Choice("", before.id if before else "", _why_alone(placement, candidates, now))
    if before is None or before.id != own or now - before.last_change_at > RECURS_WITHIN_MS:
        return choice
    # The same alert again, soon after its end was told: people read how often.
    since = before.opened_at if before.recurs_since is None else before.recurs_since
    return replace(choice, recurs=before.recurs + 1, recurs_since=since)


def _chain(last: Incident) -> tuple[str, ...]:
    """Return the incidents that one more continues: the first, by which people are called, and the newest."""
    first, *others = *last.continues, last.id
    return (first, *others[-CHAIN_KEPT + 1 :])


def _why_alone(placement: Placement, candidates: Collection[Incident], now: int) -> str:
    """Say why the new incident takes no other alerts: `max_values` kept the alert out of a fresh one.

    Return an empty text if `max_values` was not the reason.
    """
    for incident in candidates:
        label = _overflows(incident, placement) if _fresh(incident, placement, now) else ""
        if label:
            rule = placement.rule
            return f"{rule.described} merges no more: {rule.max_values[label]} values of {label}"
    return ""


def takes(incident: Incident, placement: Placement, own: str, now: int) -> bool:
    """Return whether this incident may take the alert now."""
    return _would_take(incident, placement, own, now) and not _is_full(
        incident, placement.rule.max_alerts, comes_back=incident.id == own
    )


def _would_take(incident: Incident, placement: Placement, own: str, now: int) -> bool:
    """Return whether this incident may take the alert, apart from how many it has."""
    # Whoever closed an incident, or was told its end, would overlook a new alert in its message.
    if incident.resolved_at or incident.closed:
        return False
    return incident.id == own or (_fresh(incident, placement, now) and not _overflows(incident, placement))


def _is_full(incident: Incident, max_alerts: int, *, comes_back: bool) -> bool:
    """Return whether the incident has `max_alerts` different alerts, or so many episodes of flapping ones
    that its record is full.
    """
    members = len(incident.members)
    if members < max_alerts:
        return False
    # Even an alert that comes back opens a new incident now: flapping must not make the record grow for ever.
    if members >= LIVES_KEPT * max_alerts:
        return True
    # An alert that is known here may come back: for people it is the same problem and the same message.
    return not comes_back and len({member.alert for member in incident.members}) >= max_alerts


def _fresh(incident: Incident, placement: Placement, now: int) -> bool:
    window = placement.rule.window
    # What is new after a long rest is probably another problem, and gets a message of its own.
    return not (incident.resolved_at or incident.closed) and (
        window is None or now - incident.last_new_at <= window
    )


def _overflows(incident: Incident, placement: Placement) -> str:
    """Return the label of which the incident has as many values as it may have, or an empty text."""
    for name, value in placement.values:
        known = incident.values.get(name, ())
        # So many different values are hardly one problem, so people see a new incident.
        if value not in known and len(known) >= placement.rule.max_values[name]:
            return name
    return ""


def counted_values(
    incident_values: dict[str, tuple[str, ...]], placement: Placement
) -> dict[str, tuple[str, ...]]:
    """Return the incident's distinct values with this alert's values added."""
    missing = [
        (name, value) for name, value in placement.values if value not in incident_values.get(name, ())
    ]
    if not missing:
        return incident_values
    return {**incident_values, **{name: (*incident_values.get(name, ()), value) for name, value in missing}}


def incident_id(first: Alert) -> str:
    """Make twelve letters and digits out of the episode that opens the incident: an episode opens at most
    one.
    """
    digest = blake2b(first.episode_id.encode(), digest_size=8, person=b"incident").digest()
    number, letters = int.from_bytes(digest, "big"), "0123456789abcdefghjkmnpqrstvwxyz"
    return "".join(letters[number >> shift & 31] for shift in range(55, -1, -5))


def _key(rule: str, how: str, *parts: str) -> str:
    # The byte 0xFE never occurs in UTF-8, so it separates the parts unambiguously.
    whole = b"\xfe".join([part.encode("utf-8", "surrogatepass") for part in (rule, how, *parts)])
    return blake2b(whole, digest_size=12).hexdigest()


def named_incidents(row: str) -> tuple[str, ...]:
    """Read a join key's row: the incidents that announced it, newest first."""
    return tuple(row.split())


def announce(incident: str, known: tuple[str, ...]) -> str:
    """Return the row of a join key once `incident` has announced it too.

    It is bounded, since only the newest incidents can still take alerts.
    """
    return " ".join([incident, *[other for other in known if other != incident]][:KEY_DEPTH])

"""The gateway's own metrics, for Prometheus. Names and labels are few and bounded.

Every verdict reason has its series from the start, so that a rate over it begins with the first one. What is
true of the state (invariants, agenda, quarantine) is read from the store by the auditor, so that every
replica shows the same; what this process did (webhooks, deliveries) is counted here.
"""

from __future__ import annotations

import collections
import platform
from collections.abc import Collection, Mapping, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST as OPENMETRICS_TYPE
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from gateway.decisions.accounting.invariants import COUNTED_STATUSES, imbalances
from gateway.decisions.accounting.rule_matches import matches_counter
from gateway.model.agenda import Subject
from gateway.model.owed_page import PAGES_DUE, PAGES_IN_TIME, PAGES_LATE, PAGES_NEVER
from gateway.model.path import Lap
from gateway.model.store_memory import StoreMemory
from gateway.model.verdict import NotifyReason, Outcome, Reason, Taken, in_runs
from gateway.ports.spans import Spans
from gateway.telemetry.bounded import Bounded
from gateway.telemetry.catalogue import Catalogue
from gateway.telemetry.current_span import CURRENT, exemplar
from gateway.telemetry.event_counter import EVENTS
from gateway.telemetry.http_metrics import HttpMetrics
from gateway.telemetry.process_metrics import ProcessMetrics
from gateway.telemetry.source_metrics import SourceMetrics
from gateway.telemetry.state_metrics import CLOCK_STEPS, STANDING_REASONS, StateMetrics
from gateway.telemetry.statistics_metrics import StatisticsMetrics
from gateway.telemetry.watchdog_metrics import WatchdogMetrics
from gateway.telemetry.work_metrics import WorkMetrics

MAX_DESTINATIONS = 500
MAX_RULES = 200
MAX_OUTCOMES = 100  # a vendor's own words for why it refuses are among them


class Metrics:
    """All metrics of one gateway, in a registry of their own: tests and demos can have several gateways."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.catalogue = catalogue = Catalogue(self.registry)
        self.spans: Spans | None = None  # begins spans, where there is tracing
        self._process = ProcessMetrics(catalogue)
        self._state = StateMetrics(catalogue)
        self.work = WorkMetrics(catalogue)
        self.http = HttpMetrics(catalogue)
        self.sources = SourceMetrics(catalogue)
        self.watchdogs = WatchdogMetrics(catalogue)
        self.statistics = StatisticsMetrics(catalogue)
        bounds = (MAX_DESTINATIONS, MAX_OUTCOMES, MAX_RULES)
        self._destinations, self._outcomes, self._rules = map(Bounded, bounds)
        self._retried: collections.Counter[str] = collections.Counter()
        self._lost_races = self._strange = 0
        self._rules_in_force: tuple[tuple[str, str], ...] = ()
        catalogue.events(EVENTS)
        catalogue.process()

    def laps(self) -> Lap:
        return self.work.laps()

    def webhook(self, status: int, reason: str, alerts: int, truncated: int, seconds: float) -> None:
        self._process.webhooks.labels(str(status), reason).inc()
        self._process.webhook_seconds.observe(seconds, exemplar())
        if (span := CURRENT.get()) is not None:
            span.note(reason=reason, alerts=alerts)
        if truncated > 0:
            self._process.truncated.inc(truncated)

    def misdirected(self, status: int, reason: str) -> None:
        self._process.webhooks.labels(str(status), reason).inc()

    def refused(self, door: str, reason: str) -> None:
        self._process.refused.labels(door, reason).inc()

    def pagerduty_event(self, kind: str, outcome: str) -> None:
        self._process.pagerduty_events.labels(kind, outcome).inc()

    def pagerduty_asked(self, outcome: str) -> None:
        self._process.pagerduty_requests.labels(outcome).inc()

    def turned_away(self, source: str, reason: str, times: int) -> None:
        self.sources.turned_away(source, reason, times)

    def taken(self, verdicts: Sequence[Taken], now: int) -> None:
        alike: dict[tuple[Outcome, Reason], int] = {}
        for (_, outcome, reason, _, inferred), times in in_runs(verdicts):
            if not inferred:  # an inferred end came with no webhook; the metrics of its source count it
                alike[outcome, reason] = alike.get((outcome, reason), 0) + times
        for (outcome, reason), count in alike.items():
            self._process.verdicts.labels(outcome, reason).inc(count)
        self.sources.taken(verdicts, now)
        if (span := CURRENT.get()) is not None:
            span.note(**{f"verdicts.{outcome}.{reason}": count for (outcome, reason), count in alike.items()})

    def delivered(self, destination: str, outcome: str, seconds: float) -> None:
        name = self._destinations(destination)
        self._process.deliveries.labels(name, self._outcomes(outcome)).inc()
        self._process.delivery_seconds.labels(name).observe(seconds, exemplar())
        if (span := CURRENT.get()) is not None:
            span.sent(seconds, destination=destination, outcome=outcome)

    def tried_again(self, destination: str) -> None:
        self._process.delivery_retries.labels(self._destinations(destination)).inc()

    def shipped(self, destination: str, entries: int, lost: int) -> None:
        name = self._destinations(destination)
        self._process.shipped.labels(name, "taken").inc(entries)
        self._process.shipped.labels(name, "lost").inc(lost)

    def plainer(self, destination: str, without: str) -> None:
        self._process.plainer.labels(self._destinations(destination), without).inc()

    def notified(self, reason: NotifyReason) -> None:
        self._process.notifications.labels(reason.value).inc()
        if (span := CURRENT.get()) is not None:
            span.note(reason=reason.value)

    def told(self, milliseconds: int) -> None:
        self._process.told_seconds.observe(milliseconds / 1000, exemplar())

    def beaten(self, outcome: str) -> None:
        self._process.heartbeats.labels(outcome).inc()

    def failed(self, subject: Subject, error: BaseException) -> None:
        del error  # logged where it was caught
        self._process.failures.labels(subject.kind.partition(":")[0]).inc()

    def worked_off(self, subject: Subject, outcome: str) -> None:
        self.work.worked_off(subject, outcome)

    def vendor_answered(self, vendor: str, call: str, answer: str) -> None:
        self.work.vendor_answered(vendor, call, answer)

    def batch(self, what: str, outcome: str) -> None:
        self._process.batches.labels(what, outcome).inc()

    def telemetry(self, signal: str, outcome: str, records: int) -> None:
        self._process.telemetry.labels(signal, outcome).inc(records)

    def background_ended(self, work: str, end: str) -> None:
        self._process.background.labels(work, end).inc()

    def retried(self, lost_races: Mapping[str, int]) -> None:
        """Show how many races this process has lost so far, by transaction."""
        for transaction, count in lost_races.items():
            self._process.retries.labels(transaction).inc(count - self._retried[transaction])
            self._retried[transaction] = count

    def asked(self, source: str, answered: int, silent: int) -> None:
        self.sources.asked(source, answered, silent)

    def audited(self, counted: Mapping[str, int], depth: int, overdue: int) -> dict[str, int]:
        """Set the gauges of the state from the store's counters, and return each invariant's imbalance."""
        for reason in STANDING_REASONS:
            self._state.reasons.labels(reason).set(counted.get(f"reason:{reason}", 0))
        for name in COUNTED_STATUSES:
            self._state.status_counts.labels(name).set(counted.get(f"standing:{name}", 0))
        for state in ("counted", "planned", "waiting"):
            self._state.open.labels(state).set(counted.get(f"open:{state}", 0))
        for what in ("tellings", "ends_told", "ends_forgotten"):
            self._state.notifications.labels(what).set(counted.get(what, 0))
        self._state.dead.labels("members").set(counted.get("standing:undeliverable", 0))
        self._state.dead.labels("ends").set(counted.get("standing:ends_undeliverable", 0))
        self._state.unheard.set(counted.get("unheard", 0))
        self._state.quarantine.set(counted.get("quarantine_entries", 0))
        self._read_counters(counted)
        self._state.agenda.set(depth)
        self._state.agenda_age.set(overdue / 1000)
        found = imbalances(counted)
        for identity, residue in found.items():
            self._state.residue.labels(identity).set(residue)
        return found

    def _read_counters(self, counted: Mapping[str, int]) -> None:
        """Show what the store counts."""
        self._state.evicted.read(counted.get("quarantine_evicted", 0))
        self._state.crowded.read(counted.get("crowded_copies", 0))
        self._state.labels_cut.read(counted.get("labels_cut", 0))
        self._state.dead_letters.read(counted.get("dead_letters", 0))
        self._state.pages_due.read(counted.get(PAGES_DUE, 0))
        self._state.pages_in_time.read(counted.get(PAGES_IN_TIME, 0))
        self._state.pages_late.read(counted.get(PAGES_LATE, 0), "late")
        self._state.pages_late.read(counted.get(PAGES_NEVER, 0), "never")
        for kind in CLOCK_STEPS:
            self._state.clock_steps.read(counted.get(f"clock_steps_{kind}", 0), kind)
        alike: collections.Counter[tuple[str, str]] = collections.Counter()
        for kind, rule in self._rules_in_force:
            alike[kind, self._rules(rule)] += counted.get(matches_counter(kind, rule), 0)
        for (kind, rule), matches in alike.items():
            self._state.matches.read(matches, kind, rule)
        self._state.matches.only(alike)

    def state(self, *, store_up: bool, lost_races: int, in_flight: int, strange: int) -> None:
        self._state.up.set(store_up)
        self._process.lost_races.inc(lost_races - self._lost_races)
        self._lost_races = lost_races
        self._state.in_flight.set(in_flight)
        # Rules that have just come into force begin to count anew.
        self._process.strange.inc(strange - self._strange if strange >= self._strange else strange)
        self._strange = strange

    def clocks(self, *, offset: int, believed: bool) -> None:
        self._state.clock_offset.set(offset / 1000)
        self._state.clock_believed.set(believed)

    def store_memory(self, memory: StoreMemory) -> None:
        self._state.memory.labels("used").set(memory.used)
        if memory.limit is not None:
            self._state.memory.labels("limit").set(memory.limit)

    def ordered(self, *, paused: bool, bypassed: bool) -> None:
        self._state.ordered.labels("pause").set(paused)
        self._state.ordered.labels("bypass").set(bypassed)

    def build(self, version: str) -> None:
        self._state.build.labels(version, platform.python_version()).set(1)

    def rules(
        self, revision: str, loaded_at: int, generation: int, named: Collection[tuple[str, str]]
    ) -> None:
        """Show the rules in force: `named` are the kinds and names of those whose matches are counted."""
        self._rules_in_force = tuple(named)
        self._state.generation.set(generation)
        # Only the revision in force has a series, so a replica that still has older rules stands out.
        self._state.rules.clear()
        self._state.rules.labels(revision).set(loaded_at / 1000)

    def rules_rejected(self, rejected: bool) -> None:
        self._state.rules_bad.set(rejected)

    def reloaded(self, outcome: str) -> None:
        self._process.reloads.labels(outcome).inc()

    def render(self, *, openmetrics: bool = False) -> tuple[bytes, str]:
        """Return the metrics and their media type: plain text, or OpenMetrics."""
        if openmetrics:
            encoded: bytes = generate_openmetrics(self.registry)  # type: ignore[no-untyped-call]
            return encoded, OPENMETRICS_TYPE
        return generate_latest(self.registry), CONTENT_TYPE_PLAIN_0_0_4

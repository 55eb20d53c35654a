"""The gateway's own metrics, for Prometheus. Names and labels are few and bounded.

Every verdict reason has its series from the start, so that a rate over it begins with the first one. What is
true of the state (invariants, agenda, quarantine) is read from the store by the auditor, so that every
replica shows the same; what this process did (webhooks, deliveries) is counted here.
"""

from __future__ import annotations

import collections
from collections.abc import Mapping, Sequence
from functools import partial

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from gateway.decisions.accounting.invariants import COUNTED_STATUSES, INVARIANTS, imbalances
from gateway.model.agenda import Subject
from gateway.model.verdict import NotifyReason, Outcome, Reason, Taken
from gateway.telemetry.source_metrics import CONCLUSIONS, SourceMetrics
from gateway.telemetry.watchdog_metrics import WatchdogMetrics

MAX_DESTINATIONS = 500
FAST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
SLOW_SECONDS = (0.1, 0.5, 1, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1800)


class _ProcessMetrics:
    """Counters of what this process did since it started."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._count_intake(registry)
        self._count_delivery(registry)
        self._count_work(registry)
        for why in NotifyReason:
            self.notifications.labels(why.value)
        for reason in Reason:
            for outcome in OUTCOMES_OF.get(reason, ()):
                self.verdicts.labels(outcome, reason)

    def _count_intake(self, registry: CollectorRegistry) -> None:
        counter, histogram = partial(Counter, registry=registry), partial(Histogram, registry=registry)
        self.webhooks = counter("gateway_webhooks", "Webhooks by answer", ["status", "reason"])
        self.webhook_seconds = histogram(
            "gateway_webhook_seconds", "From a webhook's arrival to its answer", buckets=FAST_SECONDS
        )
        self.truncated = counter("gateway_truncated_alerts", "Alerts that Alertmanager left out (max_alerts)")
        self.verdicts = counter(
            "gateway_observations",
            "Alerts taken, by what they meant",
            ["outcome", "reason"],
        )

    def _count_delivery(self, registry: CollectorRegistry) -> None:
        counter, histogram = partial(Counter, registry=registry), partial(Histogram, registry=registry)
        self.deliveries = counter(
            "gateway_deliveries",
            "Sends by destination and answer",
            ["destination", "outcome"],
        )
        self.notifications = counter(
            "gateway_notifications", "Notifications that a vendor took, by why they were due", ["reason"]
        )
        self.delivery_seconds = histogram(
            "gateway_delivery_seconds",
            "How long a vendor took to answer",
            ["destination"],
            buckets=FAST_SECONDS,
        )
        self.shipped = counter(
            "gateway_audit_entries",
            "Entries of the audit trail by destination",
            ["destination", "outcome"],
        )
        self.told_seconds = histogram(
            "gateway_alert_to_delivery_seconds",
            "From an incident's first alert to its first telling, waits included",
            buckets=SLOW_SECONDS,
        )

    def _count_work(self, registry: CollectorRegistry) -> None:
        counter = partial(Counter, registry=registry)
        self.heartbeats = counter(
            "gateway_heartbeats",
            "Heartbeats of our own: sent, failed, or withheld while we are not well",
            ["outcome"],
        )
        self.retries = counter(
            "gateway_transaction_retries",
            "Decisions made again because another writer was quicker, by what was to be written",
            ["transaction"],
        )
        self.batches = counter(
            "gateway_batches",
            "Webhooks, ends or plans committed together, by what became of the commit",
            ["what", "outcome"],
        )
        self.background = counter(
            "gateway_background_failures", "Background work that ended and was begun again", ["work", "end"]
        )
        self.failures = counter(
            "gateway_subject_failures",
            "Faults of our own while working on a subject",
            ["kind"],
        )


class _StateMetrics:
    """Gauges of what is true of the store, of the rules and of this process now."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._show_incidents(registry)
        self._show_store(registry)
        self._show_rules(registry)
        for reason in STANDING_REASONS:
            self.reasons.labels(reason)
        for identity in INVARIANTS:
            self.residue.labels(identity)

    def _show_incidents(self, registry: CollectorRegistry) -> None:
        gauge = partial(Gauge, registry=registry)
        self.status_counts = gauge(
            "gateway_standing", "Members of incidents at their targets, by what they are there", ["standing"]
        )
        self.reasons = gauge("gateway_standing_reason", "The same, by why", ["reason"])
        self.open = gauge(
            "gateway_open_episodes",
            "Open episodes: counted by intake, planned, waiting for a plan",
            ["state"],
        )
        self.notifications = gauge(
            "gateway_tellings",
            "Episodes told to targets ever, and ends told",
            ["what"],
        )
        self.residue = gauge(
            "gateway_identity_residue",
            "What does not balance in the books; anything but 0 is a fault",
            ["identity"],
        )

    def _show_store(self, registry: CollectorRegistry) -> None:
        gauge = partial(Gauge, registry=registry)
        self.agenda = gauge("gateway_agenda_subjects", "Subjects on the agenda")
        self.agenda_age = gauge("gateway_agenda_overdue_seconds", "How long the oldest subject has been due")
        self.unheard = gauge(
            "gateway_unheard_incidents",
            "Incidents that fire and of which nobody could be told",
        )
        self.quarantine = gauge("gateway_quarantine_entries", "What could not be taken as an alert")
        self.evicted = gauge("gateway_quarantine_evicted", "Quarantine entries that made room for newer ones")
        self.crowded = gauge(
            "gateway_crowded_copies",
            "Copies beyond 64 of an alert, which became alerts of their own",
        )
        self.dead = gauge(
            "gateway_undeliverable",
            "Members and ends that a destination refused for good",
            ["what"],
        )
        self.up = gauge("gateway_store_up", "Does the store answer")
        self.lost = gauge(
            "gateway_lost_races",
            "Commits that were decided again because somebody was quicker",
        )
        self.in_flight = gauge("gateway_webhook_bytes_in_flight", "Bytes of webhooks being worked on")

    def _show_rules(self, registry: CollectorRegistry) -> None:
        gauge = partial(Gauge, registry=registry)
        self.strange = gauge("gateway_unknown_severities", "Alerts with a severity word that no rule knows")
        self.rules = gauge(
            "gateway_rules_loaded_timestamp_seconds",
            "When the rules in force were loaded",
            ["revision"],
        )
        self.rules_bad = gauge(
            "gateway_rules_rejected",
            "1 while the files on disk have errors and an older set is in force",
        )
        self.ordered = gauge(
            "gateway_ordered",
            "1 while people have paging paused, or suppression bypassed",
            ["what"],
        )


class Metrics:
    """All metrics of one gateway, in a registry of their own: tests and demos can have several gateways."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._process = _ProcessMetrics(self.registry)
        self._state = _StateMetrics(self.registry)
        self.sources = SourceMetrics(self.registry)
        self.watchdogs = WatchdogMetrics(self.registry)
        self._destinations: set[str] = set()
        self._retried: collections.Counter[str] = collections.Counter()
        ProcessCollector(registry=self.registry)

    def webhook(self, status: int, reason: str, alerts: int, truncated: int, seconds: float) -> None:
        del alerts  # counted by verdict
        self._process.webhooks.labels(str(status), reason).inc()
        self._process.webhook_seconds.observe(seconds)
        if truncated > 0:
            self._process.truncated.inc(truncated)

    def taken(self, verdicts: Sequence[Taken], now: int) -> None:
        said = [verdict for verdict in verdicts if not verdict.inferred]
        alike = collections.Counter((verdict.outcome, verdict.reason) for verdict in said)
        for (outcome, reason), count in alike.items():
            self._process.verdicts.labels(outcome, reason).inc(count)
        self.sources.taken(verdicts, now)

    def delivered(self, destination: str, outcome: str, seconds: float) -> None:
        name = self._bounded(destination)
        self._process.deliveries.labels(name, outcome).inc()
        self._process.delivery_seconds.labels(name).observe(seconds)

    def shipped(self, destination: str, entries: int, lost: int) -> None:
        name = self._bounded(destination)
        self._process.shipped.labels(name, "taken").inc(entries)
        self._process.shipped.labels(name, "lost").inc(lost)

    def notified(self, reason: NotifyReason) -> None:
        self._process.notifications.labels(reason.value).inc()

    def told(self, milliseconds: int) -> None:
        self._process.told_seconds.observe(milliseconds / 1000)

    def beaten(self, outcome: str) -> None:
        self._process.heartbeats.labels(outcome).inc()

    def failed(self, subject: Subject, error: BaseException) -> None:
        del error  # logged where it was caught
        self._process.failures.labels(subject.kind.partition(":")[0]).inc()

    def planned_together(self, outcome: str) -> None:
        self.batch("plans", outcome)

    def batch(self, what: str, outcome: str) -> None:
        self._process.batches.labels(what, outcome).inc()

    def background_ended(self, work: str, end: str) -> None:
        self._process.background.labels(work, end).inc()

    def retried(self, lost_races: Mapping[str, int]) -> None:
        """Show how many races this process has lost so far, by transaction."""
        for transaction, count in lost_races.items():
            self._process.retries.labels(transaction).inc(count - self._retried[transaction])
            self._retried[transaction] = count

    def asked(self, source: str, answered: int, silent: int) -> None:
        self.sources.asked(source, answered, silent)

    def _bounded(self, destination: str) -> str:
        if destination not in self._destinations and len(self._destinations) >= MAX_DESTINATIONS:
            return "(others)"
        self._destinations.add(destination)
        return destination

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
        self._state.evicted.set(counted.get("quarantine_evicted", 0))
        self._state.crowded.set(counted.get("crowded_copies", 0))
        self._state.agenda.set(depth)
        self._state.agenda_age.set(overdue / 1000)
        found = imbalances(counted)
        for identity, residue in found.items():
            self._state.residue.labels(identity).set(residue)
        return found

    def state(self, *, store_up: bool, lost_races: int, in_flight: int, strange: int) -> None:
        self._state.up.set(store_up)
        self._state.lost.set(lost_races)
        self._state.in_flight.set(in_flight)
        self._state.strange.set(strange)

    def ordered(self, *, paused: bool, bypassed: bool) -> None:
        self._state.ordered.labels("pause").set(paused)
        self._state.ordered.labels("bypass").set(bypassed)

    def rules(self, revision: str, loaded_at: int) -> None:
        self._state.rules.clear()
        self._state.rules.labels(revision).set(loaded_at / 1000)

    def rules_rejected(self, rejected: bool) -> None:
        self._state.rules_bad.set(rejected)

    def render(self) -> tuple[bytes, str]:
        return generate_latest(self.registry), CONTENT_TYPE_LATEST


OUTCOMES_OF = {
    Reason.FIRST_FIRING: (Outcome.OPENED,),
    Reason.FIRED_AGAIN: (Outcome.OPENED,),
    Reason.DISPUTED: (Outcome.OPENED,),
    Reason.STILL_FIRING: (Outcome.REPEATED,),
    Reason.COPY_ADDED: (Outcome.CHANGED,),
    Reason.COPY_ENDED: (Outcome.CHANGED,),
    Reason.DISPUTE_SETTLED: (Outcome.CHANGED,),
    Reason.LAST_COPY_ENDED: (Outcome.ENDED,),
    Reason.ALREADY_ENDED: (Outcome.IGNORED,),
    Reason.ORPHAN_RESOLVE: (Outcome.IGNORED,),
    Reason.LATE_RESOLVE: (Outcome.IGNORED,),
    Reason.TOO_OLD: (Outcome.IGNORED,),
    Reason.MALFORMED: (Outcome.QUARANTINED,),
    Reason.OUTSIDE_SOURCE: (Outcome.QUARANTINED,),
}
_NOT_STANDING = (*OUTCOMES_OF, *CONCLUSIONS)
STANDING_REASONS = (*(reason for reason in Reason if reason not in _NOT_STANDING), Reason.DISPUTED)

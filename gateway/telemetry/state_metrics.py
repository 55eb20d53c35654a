"""Gauges of what is true of the store, of the rules and of this process now. The auditor sets them."""

from __future__ import annotations

from functools import partial

from prometheus_client import CollectorRegistry, Gauge

from gateway.decisions.accounting.invariants import INVARIANTS
from gateway.model.verdict import Reason
from gateway.telemetry.process_metrics import OUTCOMES_OF
from gateway.telemetry.source_metrics import CONCLUSIONS

CLOCK_STEPS = ("back", "refused", "confirmed")
_NOT_STANDING = (*OUTCOMES_OF, *CONCLUSIONS)
STANDING_REASONS = (*(reason for reason in Reason if reason not in _NOT_STANDING), Reason.DISPUTED)


class StateMetrics:
    """Gauges of what is true of the store, of the rules and of this process now."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._show_incidents(registry)
        self._show_store(registry)
        self._show_rules(registry)
        for reason in STANDING_REASONS:
            self.reasons.labels(reason)
        for identity in INVARIANTS:
            self.residue.labels(identity)
        for kind in CLOCK_STEPS:
            self.clock_steps.labels(kind)

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
        self.labels_cut = gauge(
            "gateway_labels_cut",
            "Alerts that began with over 32 KiB of labels, of which the longest values were cut",
        )
        self.dead = gauge(
            "gateway_undeliverable",
            "Members and ends that a destination refused for good",
            ["what"],
        )
        self.up = gauge("gateway_store_up", "Does the store answer")
        self.clock_offset = gauge(
            "gateway_clock_offset_seconds",
            "How far the time by which notifications wait is ahead of the store's clock; 0 unless that was stepped",
        )
        self.clock_believed = gauge(
            "gateway_store_clock_believed", "0 while people's time is that of the gateways, not the store's"
        )
        self.clock_steps = gauge(
            "gateway_clock_steps", "Steps of the store's clock ever, by what became of them", ["kind"]
        )
        self.memory = gauge(
            "gateway_store_memory_bytes",
            "Memory of the fullest server of the store: what it uses, and its limit, if it has one",
            ["what"],
        )
        self.lost = gauge(
            "gateway_lost_races",
            "Batches of webhooks that were decided again because another writer was quicker",
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

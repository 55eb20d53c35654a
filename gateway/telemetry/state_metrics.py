"""What is true of the store, of the rules and of this process now, and what the store counts. The auditor sets it."""

from __future__ import annotations

from functools import partial

from gateway.decisions.accounting.invariants import INVARIANTS
from gateway.model.verdict import Reason
from gateway.telemetry.catalogue import Catalogue, Lives
from gateway.telemetry.process_metrics import OUTCOMES_OF
from gateway.telemetry.source_metrics import CONCLUSIONS

CLOCK_STEPS = ("back", "refused", "confirmed")
_NOT_STANDING = (*OUTCOMES_OF, *CONCLUSIONS)
STANDING_REASONS = (*(reason for reason in Reason if reason not in _NOT_STANDING), Reason.DISPUTED)


class StateMetrics:
    """What is true of the store, of the rules and of this process now, and what the store counts."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._show_incidents(catalogue)
        self._show_store(catalogue)
        self._count_in_store(catalogue)
        self._show_clocks(catalogue)
        self._show_process(catalogue)
        self._show_rules(catalogue)
        for reason in STANDING_REASONS:
            self.reasons.labels(reason)
        for identity in INVARIANTS:
            self.residue.labels(identity)

    def _show_incidents(self, catalogue: Catalogue) -> None:
        gauge = partial(catalogue.gauge, lives=Lives.STORE)
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
            "Episodes told to targets ever, and ends told; what turns out not to have arrived is taken back",
            ["what"],
        )
        self.residue = gauge(
            "gateway_identity_residue",
            "What does not balance in the books; anything but 0 is a fault",
            ["identity"],
        )
        self.unheard = gauge(
            "gateway_unheard_incidents",
            "Incidents that fire and of which nobody could be told",
        )
        self.dead = gauge(
            "gateway_undeliverable",
            "Members and ends that a destination refused for good",
            ["what"],
        )

    def _show_store(self, catalogue: Catalogue) -> None:
        gauge = partial(catalogue.gauge, lives=Lives.STORE)
        self.agenda = gauge("gateway_agenda_subjects", "Subjects on the agenda")
        self.agenda_age = gauge("gateway_agenda_overdue_seconds", "How long the oldest subject has been due")
        self.quarantine = gauge("gateway_quarantine_entries", "What could not be taken as an alert")
        self.memory = gauge(
            "gateway_store_memory_bytes",
            "Memory of the fullest server of the store: what it uses, and its limit, if it has one",
            ["what"],
        )
        self.ordered = gauge(
            "gateway_ordered",
            "1 while people have paging paused, or suppression bypassed",
            ["what"],
        )

    def _count_in_store(self, catalogue: Catalogue) -> None:
        counter = catalogue.stored_counter
        self.evicted = counter(
            "gateway_quarantine_evicted", "Quarantine entries that made room for newer ones"
        )
        self.crowded = counter(
            "gateway_crowded_copies",
            "Copies beyond 64 of an alert, which became alerts of their own",
        )
        self.labels_cut = counter(
            "gateway_labels_cut",
            "Alerts that began with over 32 KiB of labels, of which the longest values were cut",
        )
        self.dead_letters = counter(
            "gateway_dead_letters",
            "Notifications that a destination refused for good, so that nobody tries again",
        )
        self.pages_due = counter(
            "gateway_page_due",
            "Pages that fell due at their destination, counted with the first try or when their minute was over",
        )
        self.pages_in_time = counter(
            "gateway_page_in_time", "Pages that their destination took within 60 s of falling due"
        )
        self.pages_late = counter(
            "gateway_page_late",
            "Pages that were not told within 60 s of falling due. late: they are told later, or tried on. never: the"
            " vendor refused them for good, or what they were for was over first",
            ["state"],
        )
        self.clock_steps = counter(
            "gateway_clock_steps", "Steps of the store's clock ever, by what became of them", ["kind"]
        )
        self.matches = counter(
            "gateway_rule_matches",
            "Alerts that a rule decided on: a route by which a target was told, a maintenance or an inhibition that"
            " kept one from a target; and incidents that a correlation rule opened",
            ["kind", "rule"],
        )

    def _show_clocks(self, catalogue: Catalogue) -> None:
        self.clock_offset = catalogue.gauge(
            "gateway_clock_offset_seconds",
            "How far the time by which notifications wait is ahead of the store's clock; 0 unless that was stepped",
            lives=Lives.STORE,
        )
        self.clock_believed = catalogue.gauge(
            "gateway_store_clock_believed",
            "0 while people's time is that of the gateways, not the store's",
            lives=Lives.STORE,
        )

    def _show_process(self, catalogue: Catalogue) -> None:
        gauge = catalogue.gauge
        self.up = gauge("gateway_store_up", "Does the store answer")
        self.in_flight = gauge("gateway_webhook_bytes_in_flight", "Bytes of webhooks being worked on")
        self.build = gauge("gateway_build_info", "Always 1: which version runs here", ["version", "python"])

    def _show_rules(self, catalogue: Catalogue) -> None:
        gauge = catalogue.gauge
        self.rules = gauge(
            "gateway_rules_loaded_timestamp_seconds",
            "When the rules in force were loaded",
            ["revision"],
        )
        self.generation = gauge(
            "gateway_rules_generation",
            "The generation of the rules in force here; replicas with an older one than others do not plan",
        )
        self.rules_bad = gauge(
            "gateway_rules_rejected",
            "1 while the files on disk have errors and an older set is in force",
        )

"""Counters of what this process did since it started: webhooks, deliveries, lost races, faults."""

from __future__ import annotations

from gateway.model.verdict import NotifyReason, Outcome, Reason
from gateway.telemetry.catalogue import Catalogue

FAST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
SLOW_SECONDS = (0.1, 0.5, 1, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1800)
OUTCOMES_OF = {
    Reason.FIRST_FIRING: (Outcome.OPENED,),
    Reason.FIRED_AGAIN: (Outcome.OPENED,),
    Reason.SENT_BEFORE: (Outcome.OPENED,),
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
RELOAD_OUTCOMES = ("loaded", "unchanged", "rejected")
NEVER_SENT = (NotifyReason.UP_TO_DATE, NotifyReason.UPDATE_LEFT_OUT)


class ProcessMetrics:
    """Counters of what this process did since it started."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._count_intake(catalogue)
        self._count_delivery(catalogue)
        self._count_work(catalogue)
        for why in NotifyReason:
            if why not in NEVER_SENT:
                self.notifications.labels(why.value)
        for reason in Reason:
            for outcome in OUTCOMES_OF.get(reason, ()):
                self.verdicts.labels(outcome, reason)

    def _count_intake(self, catalogue: Catalogue) -> None:
        counter, histogram = catalogue.counter, catalogue.histogram
        self.webhooks = counter("gateway_webhooks", "Webhooks by answer", ["status", "reason"])
        self.refused = counter(
            "gateway_refused_requests",
            "Requests that the API or /metrics refused, such as those with a wrong token",
            ["door", "reason"],
        )
        self.pagerduty_events = counter(
            "gateway_pagerduty_events",
            "What PagerDuty said by a webhook or when it was read, by what happened there and what became of it here",
            ["kind", "outcome"],
        )
        self.pagerduty_requests = counter(
            "gateway_pagerduty_requests",
            "Questions to PagerDuty's REST API, by what became of them: read, or why not",
            ["outcome"],
        )
        self.webhook_seconds = histogram(
            "gateway_webhook_seconds", "From a webhook's arrival to its answer", buckets=FAST_SECONDS
        )
        self.truncated = counter("gateway_truncated_alerts", "Alerts that Alertmanager left out (max_alerts)")
        self.strange = counter(
            "gateway_unknown_severities",
            "Alerts that were read with a severity word that no rule knows; one sent again as it was is not read",
        )
        self.verdicts = counter(
            "gateway_observations",
            "Alerts taken, by what they meant",
            ["outcome", "reason"],
        )

    def _count_delivery(self, catalogue: Catalogue) -> None:
        counter, histogram = catalogue.counter, catalogue.histogram
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
        self.delivery_retries = counter(
            "gateway_delivery_retries",
            "Sends that were tried again, since the try before was not taken",
            ["destination"],
        )
        self.plainer = counter(
            "gateway_plainer_notifications",
            "Parts left out because a vendor refused a notification with them",
            ["destination", "part"],
        )
        self.told_seconds = histogram(
            "gateway_alert_to_delivery_seconds",
            "From an incident's first alert to its first telling, waits included",
            buckets=SLOW_SECONDS,
        )

    def _count_work(self, catalogue: Catalogue) -> None:
        counter = catalogue.counter
        self.heartbeats = counter(
            "gateway_heartbeats",
            "Heartbeats of our own: sent, failed, or withheld while we are not well",
            ["outcome"],
        )
        self.lost_races = counter(
            "gateway_lost_races",
            "Batches of webhooks that were decided again because another writer was quicker",
        )
        self.retries = counter(
            "gateway_transaction_retries",
            "Decisions made again because another writer was quicker, by what was to be written",
            ["transaction"],
        )
        self.batches = counter(
            "gateway_batches",
            "Webhooks, plans, or what a full store takes from its reserve, committed together, by what became of it."
            " opened: a new incident, by whether it was planned in the commit that opened it, or why not",
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
        self.telemetry = counter(
            "gateway_telemetry_records",
            "Spans and log records for a receiver of OTLP: sent, failed there, or dropped since too many waited",
            ["signal", "outcome"],
        )
        self.reloads = counter(
            "gateway_rules_reloads",
            "Reads of rule files that were written anew: loaded, unchanged, or rejected for their errors",
            ["outcome"],
        )
        for outcome in RELOAD_OUTCOMES:
            self.reloads.labels(outcome)

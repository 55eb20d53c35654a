"""How long the steps of the path, the store's answers and the event loop take in this process."""

from __future__ import annotations

from gateway.clock import elapsed_seconds
from gateway.errors import StateFull, StateLost, StateUnavailable, StateUnusable
from gateway.model.agenda import Subject, SubjectKind
from gateway.model.changes import CommitOutcome
from gateway.model.path import Lap, Step
from gateway.telemetry.bounded import OTHER
from gateway.telemetry.catalogue import Catalogue
from gateway.telemetry.current_span import CURRENT

KINDS = frozenset(kind.value for kind in SubjectKind)
DONE = "done"
STORE_FAILURES = (StateUnavailable, StateFull, StateLost, StateUnusable)

STORE_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3)
LAG_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


class WorkMetrics:
    """Times of this process by its monotonic clock."""

    def __init__(self, catalogue: Catalogue) -> None:
        steps = catalogue.summary(
            "gateway_step_seconds",
            "The steps of an alert's path: how often each was taken, and how long that was in all. The steps of the"
            " first half are taken for all webhooks of a commit at once, those of the second for an incident",
            ["step"],
        )
        self._steps = {step: steps.labels(step.value) for step in Step}
        self._store = catalogue.histogram(
            "gateway_store_seconds",
            "How long the store took to answer, by what it was asked",
            ["script"],
            buckets=STORE_SECONDS,
        )
        self._lag = catalogue.histogram(
            "gateway_event_loop_lag_seconds",
            "How much too late the event loop came back to who slept: for so long everything else waited too",
            buckets=LAG_SECONDS,
        )
        self._commits = catalogue.counter(
            "gateway_commits",
            "Commits to the store. lost: somebody had changed what was read; fenced: another replica had the shard for"
            " a moment; expired: the lease was over",
            ["outcome"],
        )
        for outcome in CommitOutcome:
            self._commits.labels(outcome.value)
        self._store_failures = catalogue.counter(
            "gateway_store_failures",
            "Questions to the store that were not answered as they should: unavailable, full, lost (emptied), unusable",
            ["kind"],
        )
        for failure in STORE_FAILURES:
            self._store_failures.labels(failure.kind)
        self._subjects = catalogue.counter(
            "gateway_subjects",
            "Subjects of the agenda that were worked on, by what became of it: done, not_done (it waits on),"
            " store_away, fault",
            ["kind", "outcome"],
        )
        for subject in SubjectKind:
            self._subjects.labels(subject.value, DONE)
        self._answers = catalogue.counter(
            "gateway_vendor_answers",
            "Calls of deliveries to vendors, by what they were for and what kind of answer came: delivered, refused,"
            " unanswered, or found (what a look brought to light)",
            ["vendor", "call", "answer"],
        )

    def laps(self) -> Lap:
        """Return what is called at the end of each step: it took from the end of the one before, or from now.

        Each step is also one of the span that is under way now, if there is one.
        """
        before, span = elapsed_seconds(), CURRENT.get()

        def lap(step: Step) -> None:
            nonlocal before
            now = elapsed_seconds()
            self._steps[step].observe(now - before)
            if span is not None:
                span.step(step.value, before, now)
            before = now

        return lap

    def store_answered(self, script: str, seconds: float) -> None:
        self._store.labels(script).observe(seconds)

    def committed(self, outcome: CommitOutcome) -> None:
        self._commits.labels(outcome.value).inc()
        if (span := CURRENT.get()) is not None:
            span.note(commit=outcome.value)

    def store_failed(self, kind: str) -> None:
        self._store_failures.labels(kind).inc()
        if (span := CURRENT.get()) is not None:
            span.note(store_failure=kind)

    def worked_off(self, subject: Subject, outcome: str) -> None:
        """Count the work on one subject. A kind that only a newer gateway knows is counted as `other`."""
        self._subjects.labels(subject.kind if subject.kind in KINDS else OTHER, outcome).inc()

    def vendor_answered(self, vendor: str, call: str, answer: str) -> None:
        self._answers.labels(vendor, call, answer).inc()
        if (span := CURRENT.get()) is not None:
            span.note(vendor=vendor, call=call, answer=answer)

    def loop_lagged(self, seconds: float) -> None:
        self._lag.observe(seconds)

"""The plain counts of a row: its pages and calls, and its labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gateway.decisions.statistics.rows import RowFacts
from gateway.model.statistics.events import Trust
from gateway.model.statistics.facts import PageFact
from gateway.model.statistics.rows import ByTrust, CallsByKind, Counts, Judged, Labels

UNSAID = "unsaid"


def counts(row: RowFacts) -> Counts:
    kinds = Counter[str](call.kind for call in row.calls)
    confirmed = sum(call.confirmed for call in row.calls)
    return Counts(
        incidents=len(row.arrivals),
        pages=len(row.pages),
        calls=len(row.calls),
        calls_by_kind=CallsByKind(**kinds),
        own=sum(call.own for call in row.calls),
        duplicates=sum(call.duplicate for call in row.calls),
        confirmed=confirmed,
        unconfirmed=len(row.calls) - confirmed,
    )


def labels(pages: Sequence[PageFact], sample: float) -> Labels:
    in_force = [page.labels.in_force for page in pages if page.labels.in_force is not None]
    by_trust = Counter((label.trust, label.value) for label in in_force)
    actionable = sum(label.value == "actionable" for label in in_force)
    reasons = Counter(label.reason or UNSAID for label in in_force if label.value == "noise")

    def judged(trust: Trust) -> Judged:
        return Judged(by_trust[trust, "actionable"], by_trust[trust, "noise"])

    return Labels(
        labelled=len(in_force),
        actionable=actionable,
        noise=len(in_force) - actionable,
        unlabelled=len(pages) - len(in_force),
        conflicts=sum(page.labels.conflict for page in pages),
        conflicts_persons=sum(page.labels.conflict_persons for page in pages),
        withdrawn=sum(page.labels.withdrawn for page in pages),
        late=sum(page.labels.late for page in pages),
        sampled=sum(page.draw < sample and page.labels.in_force is not None for page in pages),
        by_trust=ByTrust(
            judged("person"), judged("pagerduty_human"), judged("slack_ack_note"), judged("self_resolved")
        ),
        noise_reasons=dict(sorted(reasons.items())),
    )

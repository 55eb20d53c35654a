"""The rows of a report: a block for each figure, in the shape in which the API shows them.

A figure that cannot be given is None, never 0, and `because` of its block names the reason. Shares are from 0
to 1, durations are seconds, and nothing is rounded.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Why = Literal[
    "no_pages", "no_labels", "few_answered", "too_few", "degenerate", "too_few_checked", "no_incidents",
    "not_reached", "half_ended_before", "not_followed", "no_failures", "no_services", "not_by_this",
    "no_spells", "persons_off", "persons_unavailable", "under_four", "no_shifts", "expired", "compacted",
]  # fmt: skip
Because = dict[str, Why]
Verdict = Literal["met", "missed", "undecided", "no_labels"]
PersonsShown = Literal["off", "unavailable", "shown"]

LEVEL = 0.95  # of every interval


class CallsByKind(msgspec.Struct, frozen=True, gc=False):
    first: int = 0
    late: int = 0
    escalation: int = 0
    fallback: int = 0
    reminder: int = 0
    rise: int = 0
    again: int = 0


class Counts(msgspec.Struct, frozen=True, gc=False):
    """What was confirmed is None where it is not known any more how that stood (`compacted`)."""

    incidents: int
    pages: int
    calls: int
    calls_by_kind: CallsByKind
    own: int
    duplicates: int
    confirmed: int | None
    unconfirmed: int | None


class Judged(msgspec.Struct, frozen=True, gc=False):
    actionable: int = 0
    noise: int = 0


class ByTrust(msgspec.Struct, frozen=True, gc=False):
    person: Judged
    pagerduty_human: Judged
    slack_ack_note: Judged
    self_resolved: Judged


class Labels(msgspec.Struct, frozen=True):
    """All of it is None where the labels that were asked for are not kept (`compacted`)."""

    labelled: int | None = None
    actionable: int | None = None
    noise: int | None = None
    unlabelled: int | None = None
    conflicts: int | None = None
    conflicts_persons: int | None = None
    withdrawn: int | None = None
    late: int | None = None
    sampled: int | None = None
    by_trust: ByTrust | None = None
    noise_reasons: dict[str, int] | None = None


class Sums(msgspec.Struct, frozen=True, gc=False):
    """The sums over incidents that the interval is made of: `m` incidents with `n` labelled pages, `a` of
    them actionable, and over incidents Σn², Σa², Σan and Σa²/n.
    """

    m: int = 0
    n: int = 0
    a: int = 0
    nn: int = 0
    aa: int = 0
    an: int = 0
    aa_n: float = 0.0


class Precision(msgspec.Struct, frozen=True, kw_only=True):
    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    level: float = LEVEL
    n: int | None = None
    n_effective: float | None = None
    clusters: int | None = None
    sums: Sums | None = None
    coverage: float | None = None
    bound_low: float | None = None
    bound_high: float | None = None
    target: float
    verdict: Verdict | None = None
    because: Because = {}


class SampledPrecision(Precision, frozen=True, kw_only=True):
    pages: int | None = None


class PairTable(msgspec.Struct, frozen=True, gc=False):
    """The implied label first, the person's second."""

    actionable_actionable: int = 0
    actionable_noise: int = 0
    noise_actionable: int = 0
    noise_noise: int = 0


class Implied(msgspec.Struct, frozen=True):
    pairs: int | None = None
    table: PairTable | None = None
    agreement: float | None = None
    kappa: float | None = None
    because: Because = {}


class Stratum(msgspec.Struct, frozen=True, gc=False, rename={"class_": "class"}):
    class_: str
    pages: int
    checked: int
    actionable: int


class Corrected(msgspec.Struct, frozen=True):
    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    strata: tuple[Stratum, ...] | None = None
    because: Because = {}


class LateSeconds(msgspec.Struct, frozen=True, gc=False):
    median: float | None = None
    p90: float | None = None
    max: float | None = None


class Missed(msgspec.Struct, frozen=True):
    spells: int | None = None
    misses: int | None = None
    pending: int | None = None
    followed: int | None = None
    mirror: int | None = None
    excess: int | None = None
    told_share: float | None = None
    late_seconds: LateSeconds = LateSeconds()
    by_reason: dict[str, int] | None = None
    because: Because = {}


class Incidence(msgspec.Struct, frozen=True, gc=False):
    seconds: int
    acknowledged: float | None = None
    ended_before: float | None = None


class Mtta(msgspec.Struct, frozen=True):
    n: int | None = None
    acknowledged: int | None = None
    ended_before: int | None = None
    open: int | None = None
    median_seconds: float | None = None
    at_least_seconds: float | None = None
    incidence: tuple[Incidence, ...] = ()
    because: Because = {}


class Interval(msgspec.Struct, frozen=True, gc=False):
    value: float | None = None
    lower: float | None = None
    upper: float | None = None


class Mttr(msgspec.Struct, frozen=True):
    n: int | None = None
    ended: int | None = None
    open: int | None = None
    inferred: int | None = None
    by_hand: int | None = None
    median_seconds: float | None = None
    p90_seconds: float | None = None
    at_least_seconds: float | None = None
    mean_seconds: float | None = None
    mean_horizon_seconds: int = 86_400
    goal_seconds: int = 900
    within_goal: Interval = Interval()
    because: Because = {}


class Mtbf(msgspec.Struct, frozen=True):
    failures: int | None = None
    services: int | None = None
    up_seconds: float | None = None
    value_seconds: float | None = None
    lower_seconds: float | None = None
    upper_seconds: float | None = None
    at_least_seconds: float | None = None
    goal_seconds: int = 2_592_000
    because: Because = {}


class BudgetSeconds(msgspec.Struct, frozen=True, gc=False):
    pages: int
    per_seconds: float


class Load(msgspec.Struct, frozen=True, kw_only=True):
    night: int | None = None
    weekend: int | None = None
    by_hour: tuple[int, ...] | None = None
    on_call_seconds: float | None = None
    calls_per_12h: float | None = None
    over_budget: int | None = None
    budget: BudgetSeconds
    persons: PersonsShown = "shown"
    basis: Literal["assigned", "notified"] | None = None
    because: Because = {}


class Row(msgspec.Struct, frozen=True):
    """The figures of one key in one bucket. `key` is None where the pages have none,
    and in `other` and `total`.
    """

    key: str | None
    bucket_start: str | None
    counts: Counts
    labels: Labels
    precision: Precision
    precision_sampled: SampledPrecision
    implied: Implied
    corrected: Corrected
    missed: Missed
    mtta: Mtta
    mttr: Mttr
    mtbf: Mtbf
    load: Load

"""Metrics of a gateway and of the evaluation service that have lived: every series that a dashboard asks for is there.

All is called as the programs call it, so that names, labels and buckets are those of the code.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import cycle, product
from random import Random

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from evaluation.metrics import ERROR_TYPES, FEATURES
from evaluation.metrics import Metrics as EvaluationMetrics
from evaluation.models import MODELS
from evaluation.tasks import Difficulty, Domain, TaskType, generate
from gateway.decisions.accounting.invariants import COUNTED_STATUSES
from gateway.decisions.accounting.rule_matches import matches_counter
from gateway.model.agenda import Subject, SubjectKind
from gateway.model.changes import CommitOutcome
from gateway.model.owed_page import PAGES_DUE, PAGES_IN_TIME, PAGES_LATE, PAGES_NEVER
from gateway.model.path import Step
from gateway.model.rules.kinds import Watchdog
from gateway.model.rules.origin import BUILT_IN
from gateway.model.statistics.summary import Summary
from gateway.model.store_memory import StoreMemory
from gateway.model.verdict import NotifyReason, Taken
from gateway.model.watchdog import WatchdogStatus
from gateway.telemetry.event_counter import EVENTS
from gateway.telemetry.metrics import Metrics
from gateway.telemetry.process_metrics import NEVER_SENT, OUTCOMES_OF
from gateway.telemetry.state_metrics import STANDING_REASONS

MIB = 1 << 20
SOURCE = "default"
RULES = [
    ("route", "everything"),
    ("correlate", "by-service"),
    ("inhibit", "node-down"),
    ("maintenance", "attic"),
]
ENDPOINTS = (
    "/webhooks/alertmanager",
    "/metrics",
    "/health",
    "/api/v1/incidents",
    "/api/v1/incidents/{incident}",
    "other",
)
SCRIPTS = ("gather", "commit", "commit_grow", "claim", "release", "counters", "depth", "ping")
TIMES = {"precision": 0.82, "precision_lower": 0.76, "precision_upper": 0.87, "precision_sampled": 0.8, "told_share": 0.97, "within_goal": 0.9}  # fmt: skip
COUNTS = {"incidents": 140, "pages": 180, "calls": 190, "labelled": 120, "actionable": 98, "noise": 22, "spells": 30, "misses": 1}  # fmt: skip
FIGURES = {"mtta_median": 190.0, "mttr_median": 2_400.0, "mtbf": 260_000.0}
BUSY = 400  # what happens often has happened so many times


def around(middle: float, chance: Random) -> Iterator[float]:
    """Yield times as they are measured: most near the middle, few far above it."""
    return (middle * math.exp(chance.gauss(0, 0.8)) for _ in cycle((0,)))


def gateway_samples(seed: int) -> list[Sample]:
    """Return what a gateway shows, with the figures of the process varied by the seed."""
    metrics, chance = Metrics(), Random(seed)
    _receive(metrics, chance)
    _deliver(metrics, chance)
    _work(metrics, chance)
    _outcomes(metrics)
    _state(metrics)
    return [sample for family in metrics.registry.collect() for sample in family.samples]


def _receive(metrics: Metrics, chance: Random) -> None:
    metrics.sources.configured([SOURCE])
    answers = [(200, "taken", BUSY), (503, "store_away", 1), (400, "malformed", 2)]
    for status, reason, times in answers:
        for _, seconds in zip(range(times), around(0.012, chance), strict=False):
            metrics.webhook(status, reason, 3, 0, seconds)
    for endpoint in ENDPOINTS:
        for _, seconds in zip(range(BUSY // 8), around(0.008, chance), strict=False):
            metrics.http.answered(
                None if endpoint == "other" else endpoint, "GET", 404 if endpoint == "other" else 200, seconds
            )
    metrics.http.answered(ENDPOINTS[0], "POST", 503, 0.5)
    metrics.refused("api", "token")
    metrics.turned_away("", "token", 2)
    for reason, outcomes in OUTCOMES_OF.items():
        for outcome in outcomes:
            metrics.taken([Taken(SOURCE, outcome, reason, 0)] * chance.randint(5, BUSY), 2_000)
    metrics.asked(SOURCE, BUSY, 2)


def _deliver(metrics: Metrics, chance: Random) -> None:
    for destination, middle in (("chat", 0.15), ("pager", 0.3)):
        for outcome, times in (("told", BUSY), ("rate_limited", 9), ("away", 3)):
            for _, seconds in zip(range(times), around(middle, chance), strict=False):
                metrics.delivered(destination, outcome, seconds)
        metrics.tried_again(destination)
        metrics.plainer(destination, "blocks")
        metrics.shipped(destination, BUSY, 1)
    for reason in NotifyReason:
        if reason not in NEVER_SENT:
            for _ in range(chance.randint(3, 40)):
                metrics.notified(reason)
    for _, seconds in zip(range(BUSY), around(8, chance), strict=False):
        metrics.told(round(seconds * 1000))
    for outcome in ("sent", "failed", "withheld"):
        metrics.beaten(outcome)
    metrics.pagerduty_event("acknowledged", "taken")
    metrics.pagerduty_asked("read")


def _work(metrics: Metrics, chance: Random) -> None:
    lap = metrics.laps()
    for step in Step:
        for _ in range(20):
            lap(step)
    for script in SCRIPTS:
        for _, seconds in zip(range(BUSY // 4), around(0.0015, chance), strict=False):
            metrics.work.store_answered(script, seconds)
    for _, seconds in zip(range(BUSY), around(0.002, chance), strict=False):
        metrics.work.loop_lagged(seconds)
    for what, outcome in product(("webhooks", "plans"), ("done", "lost")):
        metrics.batch(what, outcome)
    metrics.background_ended("poll", "failed")
    metrics.retried({"settle": 7, "plan": 3})
    metrics.failed(Subject.plan("one"), ValueError())
    metrics.reloaded("loaded")


def _outcomes(metrics: Metrics) -> None:
    for outcome in CommitOutcome:
        metrics.work.committed(outcome)
    for kind in SubjectKind:
        for _ in range(20):
            metrics.worked_off(Subject(kind.value, "one"), "done")
    for vendor, call in (("slack", "create"), ("pagerduty", "trigger")):
        metrics.vendor_answered(vendor, call, "delivered")
    metrics.telemetry("traces", "sent", BUSY)
    for level, event in (("info", "webhook_taken"), ("info", "delivered"), ("warning", "delivery_failing")):
        EVENTS(None, level, {"event": event})


def _state(metrics: Metrics) -> None:
    metrics.rules("9c1d4e", 0, 3, RULES)
    counted = {f"reason:{reason}": 3 for reason in STANDING_REASONS} | {
        f"standing:{name}": 5 for name in COUNTED_STATUSES
    }
    counted |= {"open:counted": 20, "open:planned": 19, "open:waiting": 1, "tellings": 900, "ends_told": 850}
    counted |= {
        "quarantine_entries": 2,
        "quarantine_evicted": 1,
        "crowded_copies": 1,
        "labels_cut": 1,
        "dead_letters": 2,
    }
    counted |= {PAGES_DUE: 10, PAGES_IN_TIME: 10, PAGES_LATE: 0, PAGES_NEVER: 0, "clock_steps_back": 1}
    counted |= {matches_counter(kind, rule): 200 for kind, rule in RULES}
    metrics.audited(counted, 60, 300)
    metrics.state(store_up=True, lost_races=9, in_flight=4_000, strange=1)
    metrics.clocks(offset=0, believed=True)
    metrics.store_memory(StoreMemory(120 * MIB, 256 * MIB))
    metrics.ordered(paused=False, bypassed=False)
    metrics.rules_rejected(False)
    metrics.watchdogs.heard([WatchdogStatus(Watchdog("prometheus", BUILT_IN, (), 300_000), 1, None)])
    metrics.statistics.show(Summary(0, 0, dict(COUNTS), dict(TIMES), dict(FIGURES)))


def evaluation_samples(seed: int) -> list[Sample]:
    """Return what the evaluation service shows after some hundred evaluations."""
    chance = Random(seed)
    metrics = EvaluationMetrics(memory_total=512 * MIB, held=lambda: 60 * MIB, connections=lambda: 3)
    models = list(MODELS.values())
    for number, (task_type, difficulty, domain) in enumerate(product(TaskType, Difficulty, Domain)):
        task = generate(task_type, difficulty, domain, number)
        for turn, seconds in zip(
            range(20), around(0.02 * (1 + list(Difficulty).index(difficulty)), chance), strict=False
        ):
            metrics.began(task)
            right = float(chance.random() < (0.98, 0.7)[turn % 2])
            metrics.succeeded(task, models[turn % len(models)], f"org-{turn % 4}", right, seconds)
        metrics.began(task)
        metrics.failed(task, ERROR_TYPES[number % len(ERROR_TYPES)], 0.4)
    for feature, score in product(FEATURES, (3, 4, 4, 5, 5)):
        metrics.said(feature, score)
    families = text_string_to_metric_families(metrics.render("")[0].decode())
    return [
        sample for family in families for sample in family.samples if not sample.name.endswith("_created")
    ]

"""The service's metrics. Their labels have few values: what callers may choose freely is cut to the first few."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from threading import Lock

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder

from evaluation import VERSION
from evaluation.models import Model
from evaluation.process import CpuShare, resident_bytes
from evaluation.tasks import Task, TaskType

# Above the 5 s of HighResponseTime too: a quantile never exceeds the highest bound
DURATIONS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 7.5, 10, 30, 60)
STARS = (1, 2, 3, 4, 5)  # satisfaction is asked for in whole steps from 1 to 5
FEATURES = ("evaluate", "generate", "analyse")
ERROR_TYPES = ("injected", "database", "internal")
MOST_ORGANIZATIONS = 20
OTHER = "other"
ACCURACY_OVER = 200  # the newest answers of a model to a task type


class Metrics:
    """`held` and `connections` are asked when the metrics are read."""

    def __init__(self, *, memory_total: int, held: Callable[[], int], connections: Callable[[], int]) -> None:
        self.registry = CollectorRegistry()
        counter, gauge = partial(Counter, registry=self.registry), partial(Gauge, registry=self.registry)
        histogram = partial(Histogram, registry=self.registry)
        self._held, self._cpu = held, CpuShare()
        self._lock = Lock()  # evaluations come from several threads
        self._scores: dict[tuple[str, str], deque[float]] = {}
        self._organizations: set[str] = set()
        self.duration = histogram(
            "evaluation_duration_seconds", "How long an evaluation took", ["task_type", "difficulty", "domain"], buckets=DURATIONS
        )  # fmt: skip
        self.accuracy = gauge(
            "evaluation_accuracy_ratio",
            "Share of the newest 200 answers that were right",
            ["model", "task_type"],
        )
        self.requests = counter("evaluation_requests", "Evaluations that were begun", ["task_type"])
        self.errors = counter("evaluation_errors", "Evaluations that failed", ["task_type", "error_type"])
        self.daily = counter(
            "daily_evaluations",
            "Evaluations that succeeded, by who asked; a day's are `increase(…[1d])`",
            ["organization", "model_type"],
        )
        self.satisfaction = histogram(
            "user_satisfaction_score", "What users said, from 1 to 5", ["feature", "version"], buckets=STARS
        )
        self.memory = gauge("memory_usage_bytes", "Memory of this process", ["component"])
        total = gauge("memory_total_bytes", "Memory that this process may use")
        self.cpu = gauge("cpu_usage_percent", "Of one core, since the metrics were read before")
        used = gauge("active_database_connections", "Connections to the database that evaluations hold")
        total.set(memory_total)
        used.set_function(connections)
        self._begin_at_zero()

    def _begin_at_zero(self) -> None:
        """Show what has not happened yet, too: a rate misses the first step of a series that begins at 1."""
        for task_type in TaskType:
            self.requests.labels(task_type)
            for error_type in ERROR_TYPES:
                self.errors.labels(task_type, error_type)
        for feature in FEATURES:
            self.satisfaction.labels(feature, VERSION)

    def began(self, task: Task) -> None:
        self.requests.labels(task.task_type).inc()

    def succeeded(self, task: Task, model: Model, organization: str, score: float, seconds: float) -> None:
        self.duration.labels(task.task_type, task.difficulty, task.domain).observe(seconds)
        self.daily.labels(self._known(organization), model.model_type).inc()
        with self._lock:
            scores = self._scores.setdefault((model.model_id, task.task_type), deque(maxlen=ACCURACY_OVER))
            scores.append(score)
            self.accuracy.labels(model.model_id, task.task_type).set(sum(scores) / len(scores))

    def failed(self, task: Task, error_type: str, seconds: float) -> None:
        """A failure takes time as well: a timeout must not make the service look quick."""
        self.duration.labels(task.task_type, task.difficulty, task.domain).observe(seconds)
        self.errors.labels(task.task_type, error_type).inc()

    def said(self, feature: str, score: int) -> None:
        self.satisfaction.labels(feature, VERSION).observe(score)

    def _known(self, organization: str) -> str:
        with self._lock:
            if len(self._organizations) < MOST_ORGANIZATIONS:
                self._organizations.add(organization)
        return organization if organization in self._organizations else OTHER

    def render(self, accept: str) -> tuple[bytes, str]:
        """Return the metrics and their content type: OpenMetrics for those who ask for it."""
        held = self._held()
        self.memory.labels("held").set(held)
        self.memory.labels("runtime").set(max(0, resident_bytes() - held))
        self.cpu.set(self._cpu.percent())
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type

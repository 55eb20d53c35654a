"""One evaluation, from a task to the score of a model's answer, and what is counted and logged of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import msgspec
import structlog
from anyio import CapacityLimiter, to_thread

from evaluation import results as kept
from evaluation.answer_cache import AnswerCache
from evaluation.metrics import Metrics
from evaluation.models import Model
from evaluation.observers import About, Observers, Step
from evaluation.results import DatabaseUnavailable, Results
from evaluation.switches import InjectedFailure, Switches
from evaluation.tasks import Answer, Question, Task, question_of

NEAR = 0.01  # a chance that is no further from the exact one counts as right
log = structlog.get_logger("evaluation")


class Evaluation(msgspec.Struct, frozen=True):
    """What came out; `score` is 1 for a right answer and 0 for a wrong one."""

    task_id: str
    task_type: str
    difficulty: str
    model_id: str
    answer: Answer
    expected: Answer
    score: float
    duration_ms: float


@dataclass(frozen=True)
class Evaluator:
    """Evaluates on the event loop; what may wait goes to threads."""

    results: Results
    answers: AnswerCache
    switches: Switches
    metrics: Metrics
    observers: Observers = field(default_factory=Observers)
    # Threads of their own: those who wait for a connection must take none from those who hold one.
    waiting: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(40))

    async def evaluate_causal_reasoning(self, task: Task, model: Model, organization: str) -> Evaluation:
        """Ask the model, score its answer, and keep that.

        Raises BadGraph for a task that makes no sense, which counts as no evaluation; InjectedFailure and
        DatabaseUnavailable for evaluations that failed.
        """
        about = About(task.task_id, len(msgspec.json.encode(task)), model.model_type)
        async with self.observers.step(Step.EVALUATE, about) as scored:
            async with self.observers.step(Step.PREPROCESS, about):
                question = preprocess_input(task)
            with _Watched(self.metrics, task, model, organization) as watched:
                answer, expected, watched.score = await self._ask(question, model, about)
                scored(watched.score)
        return Evaluation(
            task.task_id, task.task_type, task.difficulty, model.model_id, answer, expected, watched.score, watched.milliseconds
        )  # fmt: skip

    async def _ask(self, question: Question, model: Model, about: About) -> tuple[Answer, Answer, float]:
        """Return the model's answer, the right one and the score, with a connection held meanwhile."""
        connection = await to_thread.run_sync(self.results.lend, limiter=self.waiting)
        try:
            row = await to_thread.run_sync(kept.began, connection, question.task, model.model_id)
            async with self.observers.step(Step.INFER, about):
                answer = await to_thread.run_sync(self.model_inference, question, model)
            expected = await to_thread.run_sync(self.answers.answer, question)
            async with self.observers.step(Step.POSTPROCESS, about) as scored:
                score = postprocess_result(answer, expected)
                scored(score)
            await to_thread.run_sync(kept.ended, connection, row, score)
        finally:
            self.results.take_back(connection)
        return answer, expected, score

    def model_inference(self, question: Question, model: Model) -> Answer:
        """Return the model's answer. Raises InjectedFailure where a switch says so."""
        self.switches.disturb()
        return model.answer(question)


def preprocess_input(task: Task) -> Question:
    """Make the graph and check that the question can be asked of it. Raises BadGraph."""
    return question_of(task)


def postprocess_result(answer: Answer, expected: Answer) -> float:
    """Score an answer: 1 where it is right, chances within a hundredth."""
    if isinstance(answer, bool) or isinstance(expected, bool):
        return float(answer is expected)
    return float(abs(answer - expected) <= NEAR)


class _Watched:
    """Counts and logs an evaluation at its begin and its end, whatever ends it."""

    def __init__(self, metrics: Metrics, task: Task, model: Model, organization: str) -> None:
        self.score = 0.0
        self.milliseconds = 0.0
        self._metrics, self._task, self._model, self._organization = metrics, task, model, organization
        self._log = log.bind(
            task_id=task.task_id,
            model_id=model.model_id,
            task_type=task.task_type,
            difficulty=task.difficulty,
        )

    def __enter__(self) -> Self:
        self._began = time.perf_counter()
        self._metrics.began(self._task)
        self._log.info("evaluation_started")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        seconds = time.perf_counter() - self._began
        self.milliseconds = round(1000 * seconds, 3)
        if error is None:
            self._metrics.succeeded(self._task, self._model, self._organization, self.score, seconds)
            self._log.info(
                "evaluation_completed", score=self.score, duration_ms=self.milliseconds, success=True
            )
            return
        error_type = _error_type(error)
        self._metrics.failed(self._task, error_type, seconds)
        self._log.error(
            "evaluation_failed",
            duration_ms=self.milliseconds,
            success=False,
            error=str(error) or repr(kind),
            error_type=error_type,
        )


def _error_type(error: BaseException) -> str:
    match error:
        case InjectedFailure():
            return "injected"
        case DatabaseUnavailable():
            return "database"
        case _:
            return "internal"  # a fault of ours, which the caller gets as 500

"""The questions that are asked: what they look like, how one is made, and what its right answer is."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import msgspec

from evaluation.chances import Chances
from evaluation.graphs import BadGraph, Graph, d_separated, is_backdoor_set

MOST_NODES = 10  # an exact effect looks at 2 to the power of this many worlds
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Answer = bool | float


class TaskType(StrEnum):
    D_SEPARATION = "d_separation"  # does `given` separate cause and effect?
    BACKDOOR = "backdoor"  # may the effect be read off once `given` is adjusted for?
    EFFECT = "effect"  # how likely is the effect once somebody sets the cause?


class Domain(StrEnum):
    MEDICINE = "medicine"
    ECONOMICS = "economics"
    OPERATIONS = "operations"


class Difficulty(StrEnum):
    """By the number of nodes, so that nobody can claim another one."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


NODES = {Difficulty.EASY: 4, Difficulty.MEDIUM: 7, Difficulty.HARD: MOST_NODES}
VARIABLES = {
    Domain.MEDICINE: (
        "age",
        "smoking",
        "exercise",
        "diet",
        "weight",
        "pressure",
        "drug",
        "dose",
        "recovery",
        "relapse",
    ),
    Domain.ECONOMICS: (
        "rates",
        "credit",
        "wages",
        "prices",
        "demand",
        "supply",
        "hiring",
        "exports",
        "growth",
        "debt",
    ),
    Domain.OPERATIONS: (
        "release",
        "traffic",
        "cache",
        "queue",
        "memory",
        "retries",
        "latency",
        "timeouts",
        "errors",
        "churn",
    ),
}


class Task(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question as it is sent; `chances` (see Chances) belong to the task type `effect` alone."""

    task_id: Name
    task_type: TaskType
    domain: Domain
    nodes: Annotated[tuple[Name, ...], msgspec.Meta(min_length=2, max_length=MOST_NODES)]
    edges: tuple[tuple[Name, Name], ...]
    cause: Name
    effect: Name
    given: tuple[Name, ...] = ()
    chances: dict[str, tuple[float, ...]] | None = None

    @property
    def difficulty(self) -> Difficulty:
        return next(level for level, most in NODES.items() if len(self.nodes) <= most)


@dataclass(frozen=True)
class Question:
    """A task whose graph is one, and whose names are nodes of it."""

    task: Task
    graph: Graph
    chances: Chances | None


def question_of(task: Task) -> Question:
    """Return the question. Raises BadGraph where it makes no sense."""
    graph = Graph.of(task.nodes, task.edges)
    graph.known(task.cause, task.effect, place="cause, effect")
    graph.known(*task.given, place="given")
    if task.cause == task.effect:
        raise BadGraph("effect: it is the cause; name another node")
    if {task.cause, task.effect} & set(task.given):
        raise BadGraph("given: the cause or the effect stands there; take it out")
    if task.task_type is not TaskType.EFFECT:
        return Question(task, graph, None)
    if task.chances is None:
        raise BadGraph("chances: the task type `effect` needs them; give each node its row")
    return Question(task, graph, Chances.of(graph, task.chances))


def right_answer(question: Question) -> Answer:
    """Compute the answer exactly."""
    task = question.task
    if question.chances is not None:
        return question.chances.when_set(task.cause, task.effect)
    judge = d_separated if task.task_type is TaskType.D_SEPARATION else is_backdoor_set
    return judge(question.graph, task.cause, task.effect, task.given)


def generate(task_type: TaskType, difficulty: Difficulty, domain: Domain, seed: int) -> Task:
    """Make a task; the same seed makes the same one."""
    chance = random.Random(f"{task_type} {difficulty} {domain} {seed}")
    nodes = VARIABLES[domain][: NODES[difficulty]]
    share = min(0.5, 2 / (len(nodes) - 1))  # about two edges a node: neither empty nor all connected
    edges = tuple(
        (cause, effect)
        for place, effect in enumerate(nodes)
        for cause in nodes[:place]
        if chance.random() < share
    )
    cause, effect = _in_order(nodes, chance)
    others = [node for node in nodes if node not in {cause, effect}]
    given = tuple(sorted(chance.sample(others, chance.randint(0, min(3, len(others))))))
    chances = _chances(Graph.of(nodes, edges), chance) if task_type is TaskType.EFFECT else None
    task_id = f"{task_type}-{difficulty}-{domain}-{seed}"
    return Task(
        task_id, task_type, domain, nodes, edges, cause, effect, given if chances is None else (), chances
    )


def _in_order(nodes: Sequence[str], chance: random.Random) -> tuple[str, str]:
    first, last = sorted(chance.sample(range(len(nodes)), 2))
    return nodes[first], nodes[last]


def _chances(graph: Graph, chance: random.Random) -> dict[str, tuple[float, ...]]:
    return {
        node: tuple(round(chance.uniform(0.1, 0.9), 2) for _ in range(2 ** len(graph.parents(node))))
        for node in graph.nodes
    }

"""The models that are evaluated: small reasoners, of which one is right and one falls for what people fall for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evaluation.graphs import Graph
from evaluation.tasks import Answer, Question, TaskType


@dataclass(frozen=True)
class Model:
    """`model_type` groups models of a kind in metrics."""

    model_id: str
    model_type: str
    answer: Callable[[Question], Answer]


def _ball(question: Question) -> Answer:
    task, graph = question.task, question.graph
    if task.task_type is TaskType.D_SEPARATION:
        return task.effect not in rolls_to(graph, task.cause, frozenset(task.given))
    if question.chances is not None:
        if task.effect not in graph.descendants(task.cause):
            return question.chances.of_event({task.effect: 1})  # what comes first stays as it was
        return question.chances.adjusted(task.cause, task.effect, graph.parents(task.cause))
    no_effects = not graph.descendants(task.cause) & set(task.given)
    ways_in = rolls_to(graph.without_effects_of(task.cause), task.cause, frozenset(task.given))
    return no_effects and task.effect not in ways_in


def _skeleton(question: Question) -> Answer:
    task, graph = question.task, question.graph
    if question.chances is not None:
        return question.chances.when_seen(
            task.cause, task.effect
        )  # takes what goes together for cause and effect
    if task.task_type is TaskType.BACKDOOR:
        return set(graph.parents(task.cause)) <= set(task.given)  # adjusts for every cause, needed or not
    # Looks for any way at all, whatever the directions: a common effect connects, and its cause does not.
    flat = Graph(graph.nodes, graph.edges | {(effect, cause) for cause, effect in graph.edges})
    blocked = Graph(flat.nodes, frozenset(edge for edge in flat.edges if edge[0] not in task.given))
    return task.effect not in blocked.descendants(task.cause)


def rolls_to(graph: Graph, start: str, given: frozenset[str]) -> frozenset[str]:
    """Return the nodes that a ball reaches which passes as information does (Shachter's Bayes ball, 1998).

    It passes through what is not given, from a cause to an effect and from an effect to both; at what is
    given, or has an effect that is given, it turns from one cause to another.
    """
    turns = graph.ancestors(given)
    ahead, seen = [(start, "from an effect")], set[tuple[str, str]]()
    while ahead:
        node, came = visit = ahead.pop()
        if visit in seen:
            continue
        seen.add(visit)
        if (came == "from an effect" and node not in given) or (came == "from a cause" and node in turns):
            ahead += [(parent, "from an effect") for parent in graph.parents(node)]
        if node not in given:
            ahead += [(effect, "from a cause") for cause, effect in graph.edges if cause == node]
    return frozenset(node for node, _ in seen if node not in given)


MODELS = {
    model.model_id: model
    for model in (Model("bayes-ball", "symbolic", _ball), Model("skeleton", "heuristic", _skeleton))
}

"""The chances of a causal graph whose nodes are either 0 or 1, and the exact effect of setting one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from evaluation.graphs import BadGraph, Graph

World = dict[str, int]


@dataclass(frozen=True)
class Chances:
    """For each node the chance that it is 1, by the values of its parents.

    They are read as a binary number, the first parent of the graph's order foremost: `(0.1, 0.7)` of a node
    with one parent is 0.1 where that is 0.
    """

    graph: Graph
    table: Mapping[str, tuple[float, ...]]

    @classmethod
    def of(cls, graph: Graph, table: Mapping[str, tuple[float, ...]]) -> Chances:
        """Return the chances. Raises BadGraph where a row is missing or is no chance."""
        for node in graph.nodes:
            row, size = table.get(node, ()), 2 ** len(graph.parents(node))
            if len(row) != size:
                raise BadGraph(
                    f"chances: {node!r} has {len(row)} of them; give {size}, one for each case of its causes"
                )
            if not all(0 < chance < 1 for chance in row):
                raise BadGraph(f"chances: one of {node!r} is 0 or 1 or beyond; nothing may be sure")
        return cls(graph, table)

    def of_world(self, world: World, *, but: frozenset[str] = frozenset()) -> float:
        """The chance that all nodes have these values; those in `but` were set and have none."""
        chance = 1.0
        for node in self.graph.nodes:
            if node not in but:
                chance *= self._of_node(node, world)
        return chance

    def _of_node(self, node: str, world: World) -> float:
        case = 0
        for parent in self.graph.parents(node):
            case = 2 * case + world[parent]
        one = self.table[node][case]
        return one if world[node] else 1 - one

    def of_event(self, event: World) -> float:
        """The chance of what is seen of some nodes."""
        return sum(self.of_world(world) for world in worlds(self.graph, event))

    def when_set(self, cause: str, effect: str) -> float:
        """The chance of `effect` = 1 where somebody sets `cause` to 1: P(effect | do(cause)).

        By truncated factorisation: what is set has lost its own causes.
        """
        seen = worlds(self.graph, {cause: 1, effect: 1})
        return sum(self.of_world(world, but=frozenset({cause})) for world in seen)

    def when_seen(self, cause: str, effect: str) -> float:
        """The chance of `effect` = 1 where `cause` is seen to be 1, for whatever reason."""
        return self.of_event({cause: 1, effect: 1}) / self.of_event({cause: 1})

    def adjusted(self, cause: str, effect: str, given: tuple[str, ...]) -> float:
        """The same as `when_set` where `given` is a back-door set: the chance seen in each of its cases, weighed
        by how frequent the case is.
        """
        total = 0.0
        for values in product((0, 1), repeat=len(given)):
            case = dict(zip(given, values, strict=True))
            both = self.of_event({**case, cause: 1, effect: 1})
            total += both / self.of_event({**case, cause: 1}) * self.of_event(case)
        return total


def worlds(graph: Graph, event: World) -> list[World]:
    """All values of all nodes in which the event holds."""
    free = [node for node in graph.nodes if node not in event]
    return [{**event, **dict(zip(free, values, strict=True))} for values in product((0, 1), repeat=len(free))]

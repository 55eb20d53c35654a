"""Directed acyclic graphs of causes and effects, and the two questions that are asked about them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations


class BadGraph(ValueError):
    """What was given is no graph; the message names the place and the remedy."""


@dataclass(frozen=True)
class Graph:
    """Nodes by name in a fixed order, and edges from a cause to its effect; `of` refuses what has a cycle."""

    nodes: tuple[str, ...]
    edges: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, nodes: Iterable[str], edges: Iterable[tuple[str, str]]) -> Graph:
        """Return the graph. Raises BadGraph."""
        graph = cls(tuple(nodes), frozenset(edges))
        if len(set(graph.nodes)) < len(graph.nodes):
            raise BadGraph("nodes: a name stands there twice; give each node a name of its own")
        for edge in graph.edges:
            graph.known(*edge, place=f"edges: {edge[0]} to {edge[1]}")
        if len(graph.in_causal_order) < len(graph.nodes):
            raise BadGraph(
                "edges: they lead in a circle; take one of it out, since no effect comes before its cause"
            )
        return graph

    def known(self, *names: str, place: str) -> None:
        """Raise BadGraph where a name is no node."""
        for name in names:
            if name not in self.nodes:
                raise BadGraph(f"{place}: {name!r} is no node; add it to `nodes` or correct the name")

    @cached_property
    def _parents(self) -> dict[str, tuple[str, ...]]:
        return {
            node: tuple(cause for cause in self.nodes if (cause, node) in self.edges) for node in self.nodes
        }

    def parents(self, node: str) -> tuple[str, ...]:
        """Its direct causes, in the order of `nodes`."""
        return self._parents[node]

    @cached_property
    def in_causal_order(self) -> tuple[str, ...]:
        """Each node after its causes; those on a cycle, and after one, are left out."""
        ordered: list[str] = []
        while more := [
            node for node in self.nodes if node not in ordered and set(self.parents(node)) <= set(ordered)
        ]:
            ordered += more
        return tuple(ordered)

    def ancestors(self, nodes: Collection[str]) -> frozenset[str]:
        """All causes of these, however far, and these themselves."""
        return _reached(nodes, self._parents)

    def descendants(self, node: str) -> frozenset[str]:
        """All effects of this, however far, and this itself."""
        effects = {cause: tuple(effect for one, effect in self.edges if one == cause) for cause in self.nodes}
        return _reached({node}, effects)

    def without_effects_of(self, node: str) -> Graph:
        return Graph(self.nodes, frozenset(edge for edge in self.edges if edge[0] != node))


def d_separated(graph: Graph, left: str, right: str, given: Collection[str]) -> bool:
    """Return whether `given` cuts every path between two nodes, so that nothing of one is seen in the other.

    In the graph of all ancestors, with parents of one node married and all directions dropped, it has to cut
    every path in the ordinary sense (Lauritzen and others, 1990).
    """
    concerned = graph.ancestors({left, right, *given})
    neighbours: dict[str, set[str]] = {node: set() for node in concerned}
    for node in concerned:
        for one, other in combinations((node, *graph.parents(node)), 2):
            neighbours[one].add(other)
            neighbours[other].add(one)
    open_ways = {node: near - set(given) for node, near in neighbours.items()}
    return right not in _reached({left}, open_ways)


def is_backdoor_set(graph: Graph, cause: str, effect: str, given: Collection[str]) -> bool:
    """Return whether adjusting for `given` leaves the effect of one node on another alone.

    It may hold no effect of the cause, and has to cut every path into the cause (Pearl, 1993).
    """
    if graph.descendants(cause) & set(given):
        return False
    return d_separated(graph.without_effects_of(cause), cause, effect, given)


def _reached(
    start: Collection[str], leads_to: dict[str, tuple[str, ...]] | dict[str, set[str]]
) -> frozenset[str]:
    seen, ahead = set(start), list(start)
    while ahead:
        new = set(leads_to[ahead.pop()]) - seen
        seen |= new
        ahead += new
    return frozenset(seen)

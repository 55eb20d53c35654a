"""The right answers of the causal-evaluation service: by known cases, and beside other ways to compute them."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from evaluation.chances import Chances
from evaluation.graphs import BadGraph, Graph, d_separated, is_backdoor_set
from evaluation.models import rolls_to

NODES = ("a", "b", "c", "d", "e")
CHAIN = Graph.of("xmy", [("x", "m"), ("m", "y")])
FORK = Graph.of("xmy", [("m", "x"), ("m", "y")])
COLLIDER = Graph.of("xmyz", [("x", "m"), ("y", "m"), ("m", "z")])
# Two hidden causes meet in m, which looks like a confounder of x and y
M_SHAPE = Graph.of(("u", "v", "m", "x", "y"), [("u", "x"), ("u", "m"), ("v", "m"), ("v", "y"), ("x", "y")])


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    possible = [(cause, effect) for place, effect in enumerate(NODES) for cause in NODES[:place]]
    return Graph.of(NODES, draw(st.sets(st.sampled_from(possible))))


@st.composite
def questions(draw: st.DrawFn) -> tuple[Graph, str, str, frozenset[str]]:
    """A graph, two of its nodes, and some of the others."""
    left, right, *others = draw(st.permutations(NODES))
    return draw(graphs()), left, right, frozenset(draw(st.sets(st.sampled_from(others))))


@st.composite
def chances_of(draw: st.DrawFn, graph: Graph) -> Chances:
    chance = st.integers(1, 9).map(lambda tenths: tenths / 10)
    rows = {node: tuple(draw(chance) for _ in range(2 ** len(graph.parents(node)))) for node in graph.nodes}
    return Chances.of(graph, rows)


def by_every_path(graph: Graph, left: str, right: str, given: Collection[str]) -> bool:
    """Separation as textbooks define it: each path has a node that blocks it."""
    near = {(one, other) for edge in graph.edges for one, other in (edge, edge[::-1])}

    def paths(path: tuple[str, ...]) -> list[tuple[str, ...]]:
        if path[-1] == right:
            return [path]
        ahead = [node for node in graph.nodes if (path[-1], node) in near and node not in path]
        return [found for node in ahead for found in paths((*path, node))]

    def blocked(before: str, node: str, after: str) -> bool:
        if {(before, node), (after, node)} <= graph.edges:
            return not graph.descendants(node) & set(given)
        return node in given

    return all(
        any(blocked(*path[place : place + 3]) for place in range(len(path) - 2)) for path in paths((left,))
    )


@pytest.mark.parametrize(
    ("graph", "given", "separated"),
    [
        pytest.param(CHAIN, "", False, id="a cause is seen in what it causes through another"),
        pytest.param(CHAIN, "m", True, id="but not once what is between is known"),
        pytest.param(FORK, "", False, id="two effects of one cause go together"),
        pytest.param(FORK, "m", True, id="but not once the cause is known"),
        pytest.param(COLLIDER, "", True, id="two causes of one effect have nothing to do with each other"),
        pytest.param(COLLIDER, "m", False, id="until the effect is known"),
        pytest.param(COLLIDER, "z", False, id="or an effect of it"),
    ],
)
def test_separation_in_the_shapes_of_textbooks(graph: Graph, given: str, separated: bool) -> None:
    assert d_separated(graph, "x", "y", given) is separated


def test_adjusting_for_a_common_effect_spoils_what_was_right_without() -> None:
    assert is_backdoor_set(M_SHAPE, "x", "y", ())
    assert not is_backdoor_set(M_SHAPE, "x", "y", {"m"})
    assert is_backdoor_set(M_SHAPE, "x", "y", {"m", "u"})


def test_adjusting_for_an_effect_of_the_cause_is_never_right() -> None:
    assert not is_backdoor_set(CHAIN, "x", "y", {"m"})


@given(questions())
def test_separation_is_what_looking_at_every_path_says(
    question: tuple[Graph, str, str, frozenset[str]],
) -> None:
    assert d_separated(*question) is by_every_path(*question)


@given(questions())
def test_separation_is_what_the_bayes_ball_says(question: tuple[Graph, str, str, frozenset[str]]) -> None:
    graph, left, right, known = question
    assert d_separated(*question) is (right not in rolls_to(graph, left, known))


@settings(max_examples=40, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(st.data())
def test_what_is_adjusted_for_a_backdoor_set_is_what_setting_the_cause_would_do(data: st.DataObject) -> None:
    graph, cause, effect, known = data.draw(questions())
    assume(is_backdoor_set(graph, cause, effect, known))
    chances = data.draw(chances_of(graph))
    assert chances.adjusted(cause, effect, tuple(sorted(known))) == pytest.approx(
        chances.when_set(cause, effect)
    )


def test_what_is_seen_together_is_not_what_setting_the_cause_does() -> None:
    chances = Chances.of(FORK, {"m": (0.5,), "x": (0.1, 0.9), "y": (0.1, 0.9)})
    assert chances.when_set("x", "y") == pytest.approx(0.5)
    assert chances.when_seen("x", "y") == pytest.approx(0.82)


@pytest.mark.parametrize(
    ("nodes", "edges", "says"),
    [
        ("aab", [], "nodes: a name stands there twice"),
        ("ab", [("a", "x")], "edges: a to x: 'x' is no node"),
        ("ab", [("a", "b"), ("b", "a")], "edges: they lead in a circle"),
        ("ab", [("a", "a")], "edges: they lead in a circle"),
    ],
)
def test_what_is_no_graph_is_refused_with_the_place(
    nodes: str, edges: list[tuple[str, str]], says: str
) -> None:
    with pytest.raises(BadGraph, match=says):
        Graph.of(nodes, edges)

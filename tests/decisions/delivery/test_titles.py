"""A title says in one line what is broken, however many alerts there are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decisions.delivery.thing import Thing
from gateway.decisions.delivery.titles import folded, natural, title_of


@pytest.mark.parametrize(
    ("texts", "shown"),
    [
        pytest.param([f"payments-{n}" for n in range(6)] + ["frontend"], "frontend, payments-0…5", id="a run"),
        pytest.param(["n08", "n09", "n10", "n11"], "n08…11", id="a run with leading zeros"),
        pytest.param(["n8", "n10", "n9"], "n8…10", id="a run in any order"),
        pytest.param(["n008", "n09", "n10"], "n008, n09, n10", id="numbers of another length are no run"),
        pytest.param(["a-1", "a-2"], "a-1, a-2", id="two are no run"),
        pytest.param(["a", "b", "c", "d", "e"], "a, b, c +2", id="more than a phone shows are counted"),
        pytest.param(["x"] + [f"z-{n}" for n in range(40)] + ["a", "b"], "a, b, x +40", id="a run that is left out is counted whole"),
        pytest.param(["", "a"], "a", id="an empty one is none"),
    ],
)  # fmt: skip
def test_different_texts_are_folded(texts: list[str], shown: str) -> None:
    assert folded(texts) == shown


def things(*places: str) -> list[Thing]:
    return [Thing(place.rpartition("/")[2], place.rpartition("/")[0]) for place in places]


@pytest.mark.parametrize(
    ("names", "places", "title"),
    [
        pytest.param([], [], "(no alert)", id="no alert"),
        pytest.param(["Down"], ["shop/cart-1"], "Down · shop/cart-1", id="one"),
        pytest.param(["Down"], [""], "Down", id="one that says nothing of where"),
        pytest.param(["Slow"] * 2, ["shop/cart", "shop/cart"], "Slow ×2 · shop/cart", id="two of one thing"),
        pytest.param(["Down"] * 3, ["shop/b", "shop/a", "db/c"], "Down ×3 · db/c, shop/a, shop/b", id="several namespaces"),
        pytest.param(["Down"] * 4, ["eu/n1", "eu/n2", "eu/n3", "eu/n7"], "Down ×4 · eu/n1…3, n7", id="one cluster"),
        pytest.param(["Down", "Slow", "Slow"], ["shop/a", "shop/b", "shop/c"], "Down +1 kind (×3) · shop", id="kinds"),
        pytest.param(["Down", "Slow"], ["shop/a", "shop/a"], "Down +1 kind (×2) · shop/a", id="kinds of one thing"),
        pytest.param(["Down", "Slow"], ["shop/a", "db/a"], "Down +1 kind (×2)", id="kinds without anything in common"),
    ],
)  # fmt: skip
def test_the_title(names: list[str], places: list[str], title: str) -> None:
    assert title_of(names, things(*places)) == title


@given(st.lists(st.text(max_size=12), max_size=8))
def test_any_texts_are_sorted_and_folded(texts: list[str]) -> None:
    assert {*sorted(texts, key=natural)} == {*texts}
    assert bool(folded(texts)) is any(texts)

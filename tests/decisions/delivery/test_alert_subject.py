"""Two alerts are about the same where nothing that both name tells them apart."""

from __future__ import annotations

from time import process_time

import pytest

from gateway.decisions.delivery.alert_subject import is_among, things_of
from gateway.model.statistics.events import SpellEntity

CART = SpellEntity("prod", "eu", "cart", "node-1")


@pytest.mark.parametrize(
    ("entity", "known", "same"),
    [
        pytest.param(CART, [CART], True, id="the same thing"),
        pytest.param(CART, [SpellEntity("prod", "eu", "cart")], True, id="the other names no thing"),
        pytest.param(SpellEntity("prod", "eu", "cart"), [CART], True, id="it names no thing"),
        pytest.param(CART, [SpellEntity("prod", "eu", "cart", "node-2")], False, id="another thing"),
        pytest.param(CART, [SpellEntity("prod", "eu", "shop", "node-1")], False, id="another service"),
        pytest.param(CART, [], False, id="nothing is known"),
    ],
)
def test_a_thing_tells_two_apart_only_where_both_name_one(
    entity: SpellEntity, known: list[SpellEntity], same: bool
) -> None:
    assert is_among(entity, things_of(known)) is same


def test_thousands_of_members_are_not_compared_each_with_each() -> None:
    paged = [SpellEntity("prod", "eu", f"service-{number}") for number in range(3_000)]
    quiet = [SpellEntity("prod", "us", f"service-{number}") for number in range(3_000)]
    begun = process_time()
    known = things_of(paged)
    assert not any(is_among(entity, known) for entity in quiet)
    assert process_time() - begun < 0.3  # each with each, it was some seconds

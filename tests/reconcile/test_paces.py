"""Destinations that are one place to a vendor share its pace."""

from __future__ import annotations

import pytest

from gateway.model.lanes import Pace
from gateway.model.rules.destination import Destination
from gateway.model.rules.origin import SecretName
from gateway.reconcile.paces import paces_of, rate_limit_key
from tests.support.build import pager, slack, webhook


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        pytest.param(slack("a", "C1"), slack("b", "C1"), True, id="two destinations that are one channel"),
        pytest.param(slack("a", "C1"), slack("b", "C2"), False, id="two channels of one bot"),
        pytest.param(
            slack("a", "C1"), slack("b", "C1", token=SecretName("B")), False, id="one channel of two bots"
        ),
        pytest.param(pager("a"), pager("b"), True, id="two destinations with one routing key"),
        pytest.param(webhook("a"), webhook("b", "OTHER_URL"), False, id="two receivers"),
    ],
)
def test_which_destinations_share_a_pace(first: Destination, second: Destination, shared: bool) -> None:
    assert (rate_limit_key(first) == rate_limit_key(second)) is shared


def test_a_kind_without_a_pace_is_not_slowed_down() -> None:
    destinations = {"a": slack("a", "C1"), "p": pager("p")}
    paces = paces_of(destinations, {"slack": Pace(1_100, 3)})
    assert list(paces) == ["a"]
    assert (paces["a"].interval, paces["a"].burst, paces["a"].place) == (
        1_100,
        3,
        rate_limit_key(destinations["a"]),
    )

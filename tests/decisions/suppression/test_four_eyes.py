"""Whether whoever approves a silence is another person than its maker."""

from __future__ import annotations

import pytest

from gateway.decisions.suppression.four_eyes import why_no_second
from gateway.model.people import Identity

TYPED = Identity("ann")
ANN, BOB = Identity("ann", token=True), Identity("bob", token=True)
ANN_BOUND, BOB_BOUND = Identity("ann", token=True, slack="U1"), Identity("bob", token=True, slack="U2")
ANN_IN_SLACK, BOB_IN_SLACK = Identity("ann", slack="T1/U1"), Identity("bob", slack="T1/U2")


@pytest.mark.parametrize(
    ("maker", "other"),
    [
        pytest.param(ANN, BOB, id="two people with tokens"),
        pytest.param(ANN_IN_SLACK, BOB_IN_SLACK, id="two people in Slack"),
        pytest.param(ANN_IN_SLACK, BOB_BOUND, id="somebody in Slack, and a token that is bound to another"),
        pytest.param(ANN_BOUND, BOB_IN_SLACK, id="the other way round"),
        pytest.param(ANN_BOUND, BOB_BOUND, id="two tokens that are bound to two"),
        pytest.param(Identity("kim", slack="T1/U1"), Identity("kim", slack="T1/U9"), id="of one name in Slack, where ids count"),
    ],
)  # fmt: skip
def test_they_are_two(maker: Identity, other: Identity) -> None:
    assert why_no_second(maker, other) is None


@pytest.mark.parametrize(
    ("maker", "other", "why"),
    [
        pytest.param(ANN, TYPED, "the token that was shown is nobody's", id="a typed name approves nothing"),
        pytest.param(TYPED, BOB, "nobody knows who made this silence", id="what nobody made cannot be approved"),
        pytest.param(TYPED, BOB_IN_SLACK, "nobody knows who made this silence", id="in Slack neither"),
        pytest.param(ANN, Identity("ANN ", token=True), "whoever makes", id="one name in other letters"),
        pytest.param(ANN_IN_SLACK, ANN_IN_SLACK, "whoever makes", id="one Slack user"),
        pytest.param(ANN_IN_SLACK, Identity("ann2", slack="T1/U1"), "whoever makes", id="one Slack user who has changed names"),
        pytest.param(ANN_IN_SLACK, ANN_BOUND, "whoever makes", id="the token of whoever made it in Slack"),
        pytest.param(ANN_BOUND, ANN_IN_SLACK, "whoever makes", id="the other way round"),
        pytest.param(ANN_BOUND, Identity("root", token=True, slack="U1"), "whoever makes", id="two tokens of one Slack user"),
        pytest.param(ANN_IN_SLACK, BOB, "the token of bob is bound to no Slack user", id="an unbound token"),
        pytest.param(BOB, ANN_IN_SLACK, "the token of bob is bound to no Slack user", id="an unbound maker"),
        pytest.param(ANN_IN_SLACK, Identity("bob", slack="T2/U2"), "another Slack workspace", id="users of two workspaces"),
    ],
)  # fmt: skip
def test_they_may_be_one(maker: Identity, other: Identity, why: str) -> None:
    found = why_no_second(maker, other)
    assert found is not None
    assert why in found.error
    assert found.remedy

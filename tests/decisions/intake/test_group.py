"""A webhook's group is known by its source, its receiver and its key."""

from __future__ import annotations

from gateway.decisions.intake.group import NO_GROUP, group_of


def test_a_group_is_the_same_again_and_another_elsewhere() -> None:
    group = group_of("eu", "gw", '{}:{alertname="A"}', 0)
    assert group == group_of("eu", "gw", '{}:{alertname="A"}', 0)
    others = [
        group_of("us", "gw", '{}:{alertname="A"}', 0),
        group_of("eu", "other", '{}:{alertname="A"}', 0),
        group_of("eu", "gw", '{}:{alertname="B"}', 0),
    ]
    assert group.name not in {other.name for other in others}
    assert group.name.startswith("eu/")


def test_a_webhook_without_a_key_has_a_group_only_where_alerts_are_missing() -> None:
    assert group_of("eu", "gw", "", 0) == NO_GROUP
    assert group_of("eu", "gw", "", 37).left_out == 37


def test_half_of_a_surrogate_pair_in_a_key_is_no_fault() -> None:
    assert group_of("eu", "gw", "\ud83d", 1).name

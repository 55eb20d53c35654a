"""A route's mutes and hours name time intervals, and those of pages are not those of notifications."""

from __future__ import annotations

from gateway.model.rules.origin import Origin
from gateway.model.rules.route import ALWAYS, Hours, Mute, Route


def test_a_mute_is_of_pages_or_of_notifications() -> None:
    mute = Mute(page=("nights",), notify=("weekends",))
    assert (mute.names(page=True), mute.names(page=False)) == (("nights",), ("weekends",))


def test_hours_name_the_intervals_of_both_kinds() -> None:
    assert Hours(("office",), ("holidays",)).names == ("office", "holidays")
    assert ALWAYS.names == ()


def test_a_route_is_described_without_its_owner_who_is_told_in_a_field_of_its_own() -> None:
    assert (
        Route("pay", Origin("a.yaml", 3), owner="payments", reason="money").described
        == "pay (a.yaml:3): money"
    )

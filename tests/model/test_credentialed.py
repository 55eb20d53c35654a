"""The row of the kinds that ever had a credential, as the stores of running gateways have it."""

from __future__ import annotations

from gateway.model.credentialed import dump_credentialed, load_credentialed


def test_the_kinds_are_written_in_one_order_and_read_back() -> None:
    assert dump_credentialed({"slack", "email", "pagerduty"}) == b"email pagerduty slack"
    assert load_credentialed(b"email pagerduty slack") == {"slack", "email", "pagerduty"}


def test_no_row_and_a_row_of_no_kind_are_read_alike() -> None:
    assert load_credentialed(b"") == load_credentialed(dump_credentialed(())) == frozenset()

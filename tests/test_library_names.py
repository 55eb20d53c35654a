"""The names that rule authors import for tests of their own stay where they are and mean what the documents
say.
"""

from __future__ import annotations

import inspect
from datetime import UTC, datetime

import pytest

from gateway.model.alert import fingerprint, identity
from gateway.model.matchers import parse_matchers
from gateway.model.time_intervals import TimeInterval


def test_matchers_are_parsed_in_one_of_three_modes_into_names_operators_and_values() -> None:
    mode = inspect.signature(parse_matchers).parameters["mode"]
    assert mode.default == "fallback"
    for chosen in ("fallback", "utf8", "classic"):
        (matcher,) = parse_matchers('service=~"pay.*"', chosen)
        assert (matcher.name, matcher.op, matcher.value) == ("service", "=~", "pay.*")
        assert matcher.matches({"service": "payments"}) is True
        assert matcher.matches({"service": "cart"}) is False


def test_a_matcher_that_is_none_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="service"):
        parse_matchers('service="pay')


def test_a_time_interval_is_parsed_from_a_mapping_and_contains_moments() -> None:
    office = TimeInterval.parse(
        {"weekdays": ["monday:friday"], "times": [{"start_time": "09:00", "end_time": "17:00"}]}
    )
    assert office.contains(datetime(2027, 1, 15, 9, 0, tzinfo=UTC))
    assert not office.contains(datetime(2027, 1, 15, 17, 0, tzinfo=UTC))
    assert not office.contains(datetime(2027, 1, 16, 9, 0, tzinfo=UTC))


def test_the_fingerprint_is_the_one_of_prometheus_over_all_labels() -> None:
    assert fingerprint({}) == "cbf29ce484222325", "the offset basis of FNV-1a: nothing was hashed"
    assert fingerprint({"alertname": "Down", "pod": "a"}) != fingerprint({"alertname": "Down", "pod": "b"})


def test_the_identity_leaves_out_the_labels_that_are_ignored() -> None:
    one, other = {"alertname": "Down", "pod": "a"}, {"alertname": "Down", "pod": "b"}
    assert list(inspect.signature(identity).parameters) == ["labels", "ignore"]
    assert identity(one, ("pod",)) == identity(other, ("pod",))
    assert identity(one, ()) != identity(other, ())

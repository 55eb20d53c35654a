"""What a report is asked for: defaults, and what cannot be asked."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.model.durations import DAY
from gateway.model.statistics.request import BadRequest, asked

NOW = 1_800_000_000_000


def test_a_request_without_anything_is_of_the_last_four_weeks() -> None:
    request = asked(NOW)
    assert (request.from_, request.to, request.as_of) == (NOW - 28 * DAY, NOW, NOW)
    assert (request.by, request.bucket, request.tz, request.cutoff, request.sample) == (
        "none",
        "none",
        "UTC",
        None,
        0.1,
    )


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        pytest.param({"from_": NOW}, "`from`", id="a window without length"),
        pytest.param({"from_": 10, "to": 5}, "`from`", id="a window that ends before it begins"),
        pytest.param({"as_of": NOW - 29 * DAY}, "`as_of`", id="an instant before the window"),
        pytest.param({"tz": "Europe/Berlinn"}, "no time zone", id="a zone that is not there"),
        pytest.param({"tz": "../etc/passwd"}, "no time zone", id="a path in place of a zone"),
        pytest.param({"tz": "Europe"}, "no time zone", id="a folder of zones"),
        pytest.param({"cutoff": 60 * DAY + 1}, "`cutoff`", id="a cutoff over 60 days"),
        pytest.param({"by": "moon"}, "`by`", id="an unknown cut"),
        pytest.param({"bucket": "month"}, "`bucket`", id="an unknown bucket"),
        pytest.param({"sample": 1.5}, "`sample`", id="a share over 1"),
        pytest.param({"from_": 0, "bucket": "day"}, "ten years", id="more buckets than anybody reads"),
    ],
)
def test_what_makes_no_report_is_refused(parameters: dict[str, Any], said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        asked(NOW, **parameters)


def test_a_cutoff_of_60_days_can_be_asked_for() -> None:
    assert asked(NOW, cutoff=60 * DAY).cutoff == 60 * DAY

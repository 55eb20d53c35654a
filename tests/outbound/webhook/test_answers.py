"""What a receiver's answer means, a row for each status."""

from __future__ import annotations

import pytest

from gateway.model.notification import Refused, Unanswered
from gateway.outbound.webhook.answers import judge
from tests.outbound.notifications import NOW


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (200, None), (202, None), (204, None), (299, None),
        (301, "redirected for good"), (302, "redirected for good"), (307, "redirected for good"), (308, "redirected for good"),
        (400, "invalid for good"), (401, "auth for good"), (403, "auth for good"), (404, "not_found for good"),
        (405, "not_found for good"), (407, "proxy for good"), (408, "unavailable"), (409, "invalid for good"),
        (410, "not_found for good"), (413, "invalid for good"), (422, "invalid for good"), (425, "unavailable"),
        (429, "rate_limited"), (500, "server_error, perhaps done"), (502, "server_error, perhaps done"),
        (503, "server_error, perhaps done"), (504, "server_error, perhaps done"), (599, "server_error, perhaps done"),
    ],
)  # fmt: skip
def test_every_status_has_a_meaning(status: int, meaning: str | None) -> None:
    answer = judge(status, {}, NOW)
    if answer is None:
        assert meaning is None
    elif isinstance(answer, Unanswered):
        assert meaning == f"{answer.reason}, perhaps done"
    else:
        assert meaning == answer.reason + (" for good" if answer.permanent else "")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("30", 30_000),
        ("Fri, 15 Jan 2027 08:00:30 GMT", 30_000),
        ("Fri, 15 Jan 2027 09:00:00 GMT", 300_000),
        ("99999999", 300_000),
        ("Fri, 15 Jan 2027 07:00:00 GMT", None),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_a_retry_after_is_kept_to_in_seconds_and_as_a_date(status: int, said: str, wait: int | None) -> None:
    answer = judge(status, {"retry-after": said}, NOW)
    assert answer is not None
    assert answer.retry_after == (wait or 0)


@pytest.mark.parametrize(
    ("status", "wait"), [(401, 7_200_000), (404, 7_200_000), (407, 7_200_000), (302, 7_200_000), (422, 0)]
)
def test_a_refusal_of_everything_says_when_to_ask_again(status: int, wait: int) -> None:
    answer = judge(status, {"retry-after": "7200"}, NOW)
    assert isinstance(answer, Refused)
    assert answer.retry_after == wait

"""What PagerDuty's answers mean, a row for each."""

from __future__ import annotations

import pytest

from gateway.outbound.pagerduty.answers import judge


@pytest.mark.parametrize(
    ("status", "body", "headers", "reason", "permanent"),
    [
        pytest.param(400, {"errors": ["'source' is missing"]}, {}, "invalid", True, id="400 is for good"),
        pytest.param(413, None, {}, "invalid", True, id="413 too"),
        pytest.param(
            400,
            {"errors": ["Invalid routing key"]},
            {},
            "auth",
            True,
            id="a key that it does not know is no fault of the event",
        ),
        pytest.param(
            400,
            {"errors": ["'routing_key' is missing or blank"]},
            {},
            "auth",
            True,
            id="nor is a key that it cannot read",
        ),
        pytest.param(401, {"error": {"message": "no"}}, {}, "auth", True, id="401 too"),
        pytest.param(403, {"status": "forbidden"}, {}, "auth", True, id="403 too"),
        pytest.param(404, {"message": "not found"}, {}, "auth", True, id="404 too"),
        pytest.param(403, None, {}, "proxy", True, id="403 that is not in its form is a proxy's"),
        pytest.param(404, {"path": "/v2/enqueue"}, {}, "proxy", True, id="so is 404"),
        pytest.param(407, {"message": "no"}, {}, "proxy", True, id="407 always"),
        pytest.param(429, None, {}, "rate_limited", False, id="429 comes again"),
        pytest.param(409, None, {}, "refused", False, id="what nobody knows comes again"),
        pytest.param(500, None, {}, "server_error", False, id="5xx may have been done"),
        pytest.param(202, "ok", {}, "server_error", False, id="a 202 that names no key may have been done"),
    ],
)
def test_what_an_answer_means(
    status: int, body: object, headers: dict[str, str], reason: str, permanent: bool
) -> None:
    answer = judge(status, body, headers)
    assert (answer.reason, getattr(answer, "permanent", False)) == (reason, permanent)


@pytest.mark.parametrize(
    ("said", "wait"), [("9", 9_000), ("", 30_000), ("Mon, 01 Jan 2027 00:00:00 GMT", 30_000)]
)
def test_a_limit_says_when_to_come_again(said: str, wait: int) -> None:
    assert judge(429, None, {"Retry-After": said} if said else {}).retry_after == wait  # type: ignore[union-attr]


def test_what_the_vendor_finds_wrong_is_said() -> None:
    assert judge(400, {"errors": ["one", "two"]}, {}).detail == "one; two"

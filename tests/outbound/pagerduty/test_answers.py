"""What PagerDuty's answers mean, a row for each."""

from __future__ import annotations

import json

import pytest

from gateway.model.notification import Refused, Unanswered
from gateway.outbound.pagerduty.answers import judge
from tests.outbound.notifications import NOW

PAGE = "<!DOCTYPE html><html><body>Please log in</body></html>"
IN_A_MINUTE = "Fri, 15 Jan 2027 08:01:00 GMT"


def own(**said: object) -> str:
    """A refusal in the form of PagerDuty's."""
    return json.dumps({"status": "invalid event", "message": "Event object is invalid", **said})


@pytest.mark.parametrize(
    ("status", "text", "reason", "permanent"),
    [
        pytest.param(400, own(errors=["'source' is missing"]), "invalid", True, id="400 is for good"),
        pytest.param(413, own(), "invalid", True, id="413 too"),
        pytest.param(
            400,
            own(errors=["Invalid routing key"]),
            "auth",
            True,
            id="a key that it does not know is no fault of the event",
        ),
        pytest.param(
            400,
            own(errors=["'routing_key' is missing or blank"]),
            "auth",
            True,
            id="nor is a key that it cannot read",
        ),
        pytest.param(401, '{"error": {"message": "no"}}', "auth", True, id="401 too"),
        pytest.param(403, own(), "auth", True, id="403 too"),
        pytest.param(404, own(), "auth", True, id="404 too"),
        pytest.param(403, PAGE, "proxy", True, id="403 that is not in its form is a proxy's"),
        pytest.param(404, '{"path": "/v2/enqueue"}', "proxy", True, id="so is 404"),
        pytest.param(407, own(), "proxy", True, id="407 always"),
        pytest.param(400, PAGE, "unavailable", False, id="a page with another code may go away by itself"),
        pytest.param(302, PAGE, "unavailable", False, id="so may a redirect that led nowhere"),
        pytest.param(429, "", "rate_limited", False, id="429 comes again"),
        pytest.param(409, own(), "refused", False, id="what nobody knows comes again"),
        pytest.param(500, "", "server_error", False, id="5xx may have been done"),
        pytest.param(202, PAGE, "strange_answer", False, id="a page with 202 is a proxy's"),
        pytest.param(200, "welcome", "strange_answer", False, id="so is a text"),
    ],
)
def test_what_an_answer_means(status: int, text: str, reason: str, permanent: bool) -> None:
    answer = judge(status, text, {}, NOW)
    assert answer is not None
    assert (answer.reason, getattr(answer, "permanent", False)) == (reason, permanent)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        pytest.param(202, own(status="success", dedup_key="abc123.1"), id="PagerDuty's own"),
        pytest.param(202, own(status="success"), id="a relay's without a key"),
        pytest.param(200, "[]", id="a relay's own JSON"),
        pytest.param(202, "", id="a relay's empty answer"),
        pytest.param(204, " \n", id="or nearly empty"),
    ],
)
def test_an_event_that_was_taken(status: int, text: str) -> None:
    assert judge(status, text, {}, NOW) is None


@pytest.mark.parametrize(
    ("said", "wait"),
    [("9", 9_000), ("", 0), (IN_A_MINUTE, 60_000), ("Thu, 14 Jan 2027 08:00:00 GMT", 0)],
)
def test_a_limit_says_when_to_come_again(said: str, wait: int) -> None:
    answer = judge(429, "", {"Retry-After": said} if said else {}, NOW)
    assert answer == Refused("rate_limited", retry_after=wait)


@pytest.mark.parametrize(("said", "wait"), [("60", 60_000), (IN_A_MINUTE, 60_000), ("", 0), ("soon", 0)])
def test_a_server_in_trouble_says_when_to_come_again(said: str, wait: int) -> None:
    assert judge(503, "", {"Retry-After": said}, NOW) == Unanswered("server_error", "HTTP 503", wait)


@pytest.mark.parametrize("status", [401, 403, 404, 407])
def test_a_refusal_of_everything_says_when_to_ask_again(status: int) -> None:
    for text in ("", own(errors=["no"])):
        answer = judge(status, text, {"Retry-After": "7200"}, NOW)
        assert isinstance(answer, Refused)
        assert (answer.permanent, answer.retry_after) == (True, 7_200_000)


def test_what_the_vendor_finds_wrong_is_said() -> None:
    answer = judge(400, own(errors=["one", "two"]), {}, NOW)
    assert answer is not None
    assert answer.detail == "one; two"

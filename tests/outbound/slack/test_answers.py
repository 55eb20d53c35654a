"""What Slack's answers mean: every code that the vendor names, and every body that is no answer at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.model.notification import Refused, Unanswered
from gateway.outbound.slack.answers import judge
from tests.outbound.notifications import NOW

IN_A_MINUTE = "Fri, 15 Jan 2027 08:01:00 GMT"
METHODS = Path(__file__).parents[3] / "../shared/data/specs/slack/web_api_methods.json"


@pytest.mark.parametrize(
    ("status", "body", "headers", "meaning"),
    [
        pytest.param(429, {"error": "ratelimited"}, {"Retry-After": "7"}, Refused("rate_limited", retry_after=7_000), id="429 says when to come again"),
        pytest.param(429, b"", {}, Refused("rate_limited"), id="429 that does not say when"),
        pytest.param(429, None, {"retry-after": "soon"}, Refused("rate_limited"), id="429 that says it in words"),
        pytest.param(200, {"error": "rate_limited"}, {}, Refused("rate_limited"), id="a limit may come with 200"),
        pytest.param(200, {"error": "invalid_auth"}, {}, Refused("auth", "invalid_auth", permanent=True), id="a bad token is for good"),
        pytest.param(200, {"error": "is_archived"}, {}, Refused("not_found", "is_archived", permanent=True), id="so is an archived channel"),
        pytest.param(200, {"error": "edit_window_closed"}, {}, Refused("uneditable", "edit_window_closed", gone=True), id="what cannot be edited is posted anew"),
        pytest.param(200, {"error": "msg_blocks_too_long"}, {}, Refused("invalid", "msg_blocks_too_long", permanent=True), id="content that is refused"),
        pytest.param(200, {"error": "accesslimited"}, {}, Refused("unavailable", "accesslimited"), id="not now"),
        pytest.param(200, {"error": "never_heard_of"}, {}, Refused("refused", "never_heard_of"), id="a code nobody knows is a refusal, tried again"),
        pytest.param(200, {"error": "fatal_error"}, {}, Unanswered("server_error", "fatal_error"), id="fatal_error may have been done"),
        pytest.param(503, {"error": "service_unavailable"}, {}, Unanswered("server_error", "service_unavailable"), id="so may service_unavailable"),
        pytest.param(500, {"error": "never_heard_of"}, {}, Unanswered("server_error", "HTTP 500"), id="so may any 5xx"),
        pytest.param(403, b"<html>", {}, Refused("proxy", "a proxy on the way answered HTTP 403", permanent=True), id="a proxy that lets nothing through"),
        pytest.param(404, {"detail": "no route"}, {}, Refused("proxy", "a proxy on the way answered HTTP 404", permanent=True), id="a gateway on the way that speaks JSON too"),
        pytest.param(407, {"error": "invalid_auth"}, {}, Refused("proxy", "a proxy on the way answered HTTP 407", permanent=True), id="only a proxy answers 407"),
        pytest.param(413, "<html>", {}, Refused("unavailable", "a proxy on the way answered HTTP 413"), id="a page with another code may go away by itself"),
        pytest.param(403, {"error": "invalid_auth"}, {}, Refused("auth", "invalid_auth", permanent=True), id="403 in Slack's own form is Slack's word"),
        pytest.param(502, b"<html>", {}, Unanswered("server_error", "HTTP 502"), id="a proxy's page"),
        pytest.param(200, {"ok": False}, {}, Unanswered("strange_answer", "HTTP 200, and no word of Slack's"), id="no code at all"),
        pytest.param(200, {"error": {"deep": 1}}, {}, Unanswered("strange_answer", "HTTP 200, and no word of Slack's"), id="a code that is none"),
        pytest.param(200, {"error": "Received a response in a non-JSON format: <htm"}, {}, Unanswered("strange_answer", "HTTP 200, and no word of Slack's"), id="a text in place of a code"),
        pytest.param(429, None, {"Retry-After": IN_A_MINUTE}, Refused("rate_limited", retry_after=60_000), id="429 with a date"),
        pytest.param(200, {"error": "account_inactive"}, {"Retry-After": "7200"}, Refused("auth", "account_inactive", permanent=True, retry_after=7_200_000), id="a refusal of everything that says when to ask again"),
        pytest.param(403, b"", {"Retry-After": "7200"}, Refused("proxy", "a proxy on the way answered HTTP 403", permanent=True, retry_after=7_200_000), id="so does a proxy's"),
        pytest.param(503, b"", {"Retry-After": "60"}, Unanswered("server_error", "HTTP 503", 60_000), id="503 that says when to come again"),
        pytest.param(503, {"error": "service_unavailable"}, {"Retry-After": IN_A_MINUTE}, Unanswered("server_error", "service_unavailable", 60_000), id="so does Slack's own, with a date"),
    ],
)  # fmt: skip
def test_what_an_answer_means(status: int, body: object, headers: dict[str, str], meaning: object) -> None:
    assert judge(status, body, headers, NOW) == meaning


@pytest.mark.skipif(not METHODS.exists(), reason="the vendor's list of error codes is not here")
@pytest.mark.parametrize(
    ("kind", "reasons"),
    [
        ("config", {"auth", "not_found", "invalid"}),
        ("payload", {"invalid"}),
        ("repost", {"gone", "uneditable"}),  # gone, or it stands and its thread leads to the newer message
        ("slow_retry", {"unavailable"}),
        ("transient_retry", {"rate_limited", "server_error", "unavailable"}),
    ],
)
def test_every_code_of_the_vendors_list_has_its_kind(kind: str, reasons: set[str]) -> None:
    codes = json.loads(METHODS.read_text())["suggested_classification"][kind]
    assert {judge(200, {"error": code}, {}, NOW).reason for code in codes} <= reasons


@pytest.mark.skipif(not METHODS.exists(), reason="the vendor's list of error codes is not here")
def test_every_code_after_which_a_message_is_posted_anew_says_so() -> None:
    codes = json.loads(METHODS.read_text())["suggested_classification"]["repost"]
    answers = [judge(200, {"error": code}, {}, NOW) for code in codes]
    assert all(isinstance(answer, Refused) and answer.gone for answer in answers)

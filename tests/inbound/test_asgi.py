"""Webhooks go to their endpoint, all other requests to the routes, and a fault of ours shows nothing of
itself.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from gateway.inbound.asgi import AsgiApp
from gateway.model.turned_away import TurnedAwayReason


async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("the endpoint of webhooks")(scope, receive, send)


async def here(_request: Request) -> Response:
    return PlainTextResponse("a route")


async def faulty(_request: Request) -> Response:
    raise ValueError("a detail of ours")


WRONG: list[tuple[str, str, int, str]] = []


def wrong_place(scope: Scope, status: int, reason: TurnedAwayReason) -> None:
    WRONG.append((scope["method"], scope["path"], status, reason.value))


ANSWERED: list[tuple[str | None, str, int]] = []


def answered(path: str | None, method: str, status: int, seconds: float) -> None:
    assert seconds >= 0
    ANSWERED.append((path, method, status))


async def store_away(_request: Request) -> Response:
    return PlainTextResponse("the store is away", 503)


ROUTES = [
    *(Route("/here", here), Route("/faulty", faulty), Route("/of/{one}", here)),
    Route("/api/v1/silences", store_away, methods=["GET", "POST"]),
]
APP = AsgiApp(endpoint, ROUTES, wrong_place, answered)


async def ask(path: str, method: str = "GET") -> httpx.Response:
    transport: Any = httpx.ASGITransport(APP, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        return await client.request(method, path)


@pytest.mark.parametrize(
    "path", ["/webhooks/alertmanager", "/webhooks/alertmanager/", "/webhooks/alertmanager/events"]
)
async def test_webhooks_go_to_their_endpoint_whatever_the_method_and_never_by_a_redirect(path: str) -> None:
    for method in ("POST", "GET"):
        assert (await ask(path, method)).text == "the endpoint of webhooks"


async def test_every_request_counts_at_its_endpoint_and_never_under_the_path_that_was_asked_for() -> None:
    ANSWERED.clear()
    await ask("/webhooks/alertmanager/", "POST")
    await ask("/of/somebody")
    await ask("/here", "DELETE")
    await ask("/faulty")
    await ask("/whatever/anybody/makes/up")
    assert ANSWERED == [
        ("/webhooks/alertmanager", "POST", 200),
        ("/of/{one}", "GET", 200),
        ("/here", "DELETE", 405),
        ("/faulty", "GET", 500),
        (None, "GET", 404),
    ]


async def test_other_paths_go_to_the_routes() -> None:
    assert (await ask("/here")).text == "a route"


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/nowhere", "GET", 404), ("/here/", "GET", 404), ("/webhooks", "POST", 404), ("/here", "POST", 405)],
)
async def test_what_is_not_there_is_answered_as_the_api_answers(path: str, method: str, status: int) -> None:
    answer = await ask(path, method)
    assert (answer.status_code, answer.json().keys()) == (status, {"error", "field", "remedy"})


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        pytest.param("/", 404, "not_found", id="the root"),
        pytest.param("/hooks/alertmanager", 404, "not_found", id="a path that is nearly right"),
        pytest.param("/webhooks/alertmanager/prod", 404, "not_found", id="a path behind the right one"),
        pytest.param("/api/v2/alerts", 404, "not_found", id="the path at which Prometheus pushes"),
        pytest.param("/here", 405, "method", id="a page"),
    ],
)
async def test_what_is_sent_to_a_wrong_path_is_told_the_right_one_and_noted(
    path: str, status: int, reason: str
) -> None:
    WRONG.clear()
    answer = await ask(path, "POST")
    assert (answer.status_code, answer.json()["field"]) == (status, "path")
    assert "POST to /webhooks/alertmanager," in answer.json()["remedy"]
    assert answer.headers["connection"] == "close", "its body was not read"
    assert [("POST", path, status, reason)] == WRONG


async def test_whoever_reads_a_page_that_is_not_there_loses_nothing_and_is_not_noted() -> None:
    WRONG.clear()
    for method in ("GET", "HEAD", "OPTIONS"):
        assert (await ask("/nowhere", method)).status_code == 404
    assert WRONG == []


async def test_a_fault_of_ours_is_logged_and_answered_without_a_word_of_it() -> None:
    with capture_logs() as lines:
        answer = await ask("/faulty")
    assert (answer.status_code, answer.json()["error"]) == (500, "a fault of the gateway: its log says more")
    line, answered = lines
    assert (line["event"], line["method"], line["path"]) == ("request_failed", "GET", "/faulty")
    assert (answered["event"], answered["endpoint"], answered["status"]) == (
        "request_answered",
        "/faulty",
        500,
    )
    assert "a detail of ours" in repr(line["exc_info"])


@pytest.mark.parametrize(
    ("method", "level"),
    [
        pytest.param("POST", "warning", id="what somebody wanted done is not done"),
        pytest.param("GET", "debug", id="whoever only reads is told"),
    ],
)
async def test_an_act_that_the_store_kept_from_being_done_is_seen_by_default(method: str, level: str) -> None:
    with capture_logs() as lines:
        assert (await ask("/api/v1/silences", method)).status_code == 503
    (line,) = lines
    assert (line["event"], line["log_level"], line["status"]) == ("request_answered", level, 503)

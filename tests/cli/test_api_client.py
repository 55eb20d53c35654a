"""What a gateway refuses, and what is no gateway, is a line for people."""

from __future__ import annotations

import asyncio

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.sandbox.server import LocalServer
from tests.support.command_line import ADMIN, Beside, Gateway
from tests.support.servers import free_port


async def test_what_a_gateway_refuses_is_a_line_for_people(beside: Beside) -> None:
    refused = [
        await beside.incidents(token="another-one"),
        await beside.incidents(token=""),
        await beside.incidents("nobody"),
        await beside.incidents("nobody", "--ack", "ann"),
        await beside.incidents("../dead-letters"),
        await beside.incidents("?state=all"),
    ]
    assert [(one.code, one.out, len(one.err.splitlines())) for one in refused] == [(2, "", 1)] * len(refused)
    assert "GATEWAY_ADMIN_TOKEN" in refused[0].err
    assert ADMIN not in "".join(one.err for one in refused)


def test_nothing_listening_is_said_with_the_setting(gateway: Gateway) -> None:
    done = gateway("incidents", GATEWAY_URL=f"http://127.0.0.1:{free_port()}")
    assert (done.code, "no connection; is GATEWAY_URL right, and does it run?" in done.err) == (2, True)
    assert "Errno" not in done.err


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        pytest.param([], 200, id="an empty list"),
        pytest.param({}, 200, id="an empty object"),
        pytest.param("hello", 200, id="a text"),
        pytest.param({"items": [{"id": "x"}]}, 200, id="items of another kind"),
        pytest.param(["no"], 500, id="an error of another kind"),
        pytest.param({"detail": "no"}, 404, id="an error of another service"),
    ],
)
async def test_something_else_that_answers_is_no_gateway(
    gateway: Gateway, answer: object, status: int
) -> None:
    async def answered(_: Request) -> Response:
        return JSONResponse(answer, status)

    server = LocalServer()
    async with server.running(Starlette(routes=[Route("/{path:path}", answered)]), 0):
        done = await asyncio.to_thread(gateway, "incidents", GATEWAY_URL=server.url)
    assert (done.code, "is GATEWAY_URL right" in done.err) == (2, True)


async def test_a_gateway_on_this_machine_is_asked_past_a_proxy_of_the_environment(gateway: Gateway) -> None:
    shown: list[str] = []

    async def proxied(request: Request) -> Response:
        shown.append(request.headers.get("authorization", ""))
        return JSONResponse({"items": []})

    proxy = LocalServer()
    async with proxy.running(Starlette(routes=[Route("/{path:path}", proxied)]), 0):
        variables = {"HTTP_PROXY": proxy.url, "http_proxy": proxy.url, "GATEWAY_ADMIN_TOKEN": ADMIN}
        here = {**variables, "GATEWAY_URL": f"http://127.0.0.1:{free_port()}"}
        for command in ("incidents", "doctor"):
            done = await asyncio.to_thread(gateway, command, **here)
            assert "no connection" in done.said
        assert not shown
        # Another machine may be one that is reached by the proxy alone.
        done = await asyncio.to_thread(
            gateway, "incidents", **variables, GATEWAY_URL="http://gateway.example"
        )
        assert (done.code, shown) == (0, [f"Bearer {ADMIN}"])

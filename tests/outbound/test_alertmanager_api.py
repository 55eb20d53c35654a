"""Asking an Alertmanager: what is read off its answers, how it is asked, and that nothing it does is a fault
of ours.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.decisions.intake.normalise import Normaliser
from gateway.model.fingerprint import fingerprint
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.rulebook import LabelRules
from gateway.model.rules.source import Source
from gateway.model.source_peers import PeerReport
from gateway.outbound.alertmanager_api import AlertmanagerPeers
from gateway.outbound.network import Network
from gateway.sandbox.server import LocalServer
from tests.support.build import match
from tests.support.patience import PATIENCE

EU = Normaliser(LabelRules(), Source("eu", BUILT_IN, match('cluster="eu"')))
Handler = Callable[[Request], Awaitable[Response]]


def active(name: str, cluster: str = "eu", **status: list[str]) -> dict[str, object]:
    labels = {"alertname": name, "cluster": cluster}
    return {
        "labels": labels,
        "annotations": {"summary": "it burns"},
        "startsAt": "2026-11-23T10:00:00.123Z",
        "endsAt": "2026-11-23T12:04:00Z",
        "updatedAt": "2026-11-23T12:00:00Z",
        "generatorURL": "http://prometheus/graph",
        "fingerprint": fingerprint(labels),
        "receivers": [{"name": "gateway"}],
        "status": {
            "state": "suppressed" if status else "active",
            "silencedBy": [],
            "inhibitedBy": [],
            **status,
        },
    }


def group(*alerts: dict[str, object], receiver: str = "gateway") -> dict[str, object]:
    return {"labels": {}, "receiver": {"name": receiver}, "alerts": list(alerts)}


class Peer:
    """An Alertmanager's API with the answers of a test; `asked` keeps the requests."""

    def __init__(self) -> None:
        self.groups: object = []
        self.status: object = {
            "uptime": (datetime.now(UTC) - timedelta(hours=1)).isoformat(),
            "versionInfo": {"version": "0.34.0"},
        }
        self.instead: Handler | None = None
        self.asked: list[Request] = []
        self.app = Starlette(routes=[Route("/{rest:path}", self._answer)])
        self.url = ""

    async def _answer(self, request: Request) -> Response:
        self.asked.append(request)
        if self.instead is not None:
            return await self.instead(request)
        body = self.status if request.url.path.endswith("/status") else self.groups
        return JSONResponse(body)


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    made, server = Peer(), LocalServer()
    async with server.running(made.app, 0):
        made.url = server.url
        yield made


async def ask(url: str, receiver: str = "gateway", timeout: float = PATIENCE) -> PeerReport | str:  # noqa: ASYNC109
    peers = AlertmanagerPeers(Network(), timeout)
    try:
        return await peers.ask(url, receiver, EU)
    finally:
        await peers.aclose()


async def stated(peer: Peer) -> PeerReport:
    found = await ask(peer.url)
    assert isinstance(found, PeerReport), found
    return found


async def test_what_fires_is_read_as_its_webhook_would_be(peer: Peer) -> None:
    peer.groups = [group(active("Down"))]
    ((copy, one),) = (await stated(peer)).alerts.items()
    assert copy == f"eu/{fingerprint({'alertname': 'Down', 'cluster': 'eu'})}"
    assert (one.seen.copy, one.seen.firing, one.quieted) == (copy, True, "")
    assert one.seen.starts_at == round(datetime(2026, 11, 23, 10, 0, 0, 123_000, UTC).timestamp() * 1000)
    assert (one.seen.annotations, one.seen.source_url) == ({"summary": "it burns"}, "http://prometheus/graph")


async def test_how_long_it_has_been_up_is_by_its_own_clock_whatever_ours_says(peer: Peer) -> None:
    peers = AlertmanagerPeers(Network(), now=lambda: 0)
    found = await peers.ask(peer.url, "gateway", EU)
    await peers.aclose()
    assert isinstance(found, PeerReport)
    assert abs(found.uptime - 3_600_000) < 10_000


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param({"silencedBy": ["b", "a"]}, "silence a, b", id="by silences"),
        pytest.param({"inhibitedBy": ["ab"]}, "inhibited by ab", id="by another alert"),
        pytest.param({"mutedBy": ["nights"]}, "time interval nights", id="by a time interval"),
        pytest.param(
            {"silencedBy": ["a"], "mutedBy": ["nights"]},
            "silence a; time interval nights",
            id="by several things",
        ),
    ],
)
async def test_by_what_an_alert_is_quieted(status: dict[str, list[str]], expected: str, peer: Peer) -> None:
    peer.groups = [group(active("Down", **status))]
    assert [one.quieted for one in (await stated(peer)).alerts.values()] == [expected]


async def test_only_groups_of_our_receiver_count_and_an_alert_in_two_is_one(peer: Peer) -> None:
    down, muted = active("Down"), active("Down", mutedBy=["nights"])
    peer.groups = [group(active("Other"), receiver="mail"), group(muted), group(down), group(muted)]
    assert [one.quieted for one in (await stated(peer)).alerts.values()] == [""]


async def test_what_the_source_may_not_send_is_left_out(peer: Peer) -> None:
    peer.groups = [group(active("Down", cluster="us"))]
    assert (await stated(peer)).alerts == {}


async def test_it_is_asked_for_the_receiver_by_its_very_name(peer: Peer) -> None:
    await ask(f"{peer.url}/prefix/", receiver="a.b (c)")
    assert [one.url.path for one in peer.asked] == ["/prefix/api/v2/status", "/prefix/api/v2/alerts/groups"]
    assert peer.asked[1].query_params["receiver"] == r"a\.b\ \(c\)"


@pytest.mark.parametrize(
    ("credentials", "expected"),
    [
        pytest.param("", None, id="none"),
        pytest.param("gw:p%40ss@", "Basic " + base64.b64encode(b"gw:p@ss").decode(), id="a user's password"),
        pytest.param(":t0ken@", "Bearer t0ken", id="a bearer token"),
    ],
)
async def test_credentials_of_the_address_are_shown_to_the_peer_alone(
    credentials: str, expected: str | None, peer: Peer
) -> None:
    await ask(peer.url.replace("://", f"://{credentials}"))
    assert {one.headers.get("authorization") for one in peer.asked} == {expected}
    assert all("@" not in str(one.url) for one in peer.asked)


async def answered(status: int, body: bytes = b"") -> Response:
    return Response(body, status)


async def hangs(_request: Request) -> Response:
    await asyncio.sleep(1)  # longer than is waited for
    return Response()


TROUBLE: list[object] = [
    pytest.param(lambda _: answered(500), "/api/v2/status answered 500", id="a fault"),
    pytest.param(lambda _: answered(401), "/api/v2/status answered 401", id="a refusal"),
    pytest.param(lambda _: answered(200, b"<html>"), "its answer cannot be read", id="a page"),
    pytest.param(lambda _: answered(200, b"[]"), "its answer cannot be read", id="another shape"),
    pytest.param(
        lambda _: answered(200, b'{"uptime": "soon"}'),
        "its answer cannot be read",
        id="no time",
    ),
    pytest.param(hangs, "no answer in time", id="nothing in time"),
]


@pytest.mark.parametrize(("handler", "expected"), TROUBLE)
async def test_what_is_no_answer_is_a_sentence(handler: Handler, expected: str, peer: Peer) -> None:
    peer.instead = handler
    seconds = 0.3 if handler is hangs else PATIENCE
    assert await ask(peer.url.replace("://", "://gw:secret@"), timeout=seconds) == expected


async def test_a_redirect_is_no_answer(peer: Peer) -> None:
    async def elsewhere(_request: Request) -> Response:
        return RedirectResponse("http://elsewhere/", 302)

    peer.instead = elsewhere
    assert await ask(peer.url) == "/api/v2/status answered 302"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "nonsense:secret", "http://", "http://[::1", "ftp://gw:secret@a"]
)
async def test_an_address_that_leads_nowhere_is_a_sentence_that_does_not_show_it(url: str) -> None:
    found = await ask(url)
    assert found in ("no connection", "its address is not one such as http://alertmanager:9093")

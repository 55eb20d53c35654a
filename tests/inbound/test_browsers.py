"""What a browser may not do for a page of somebody else's, and what our own pages and programs may."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from gateway.inbound.browsers import OwnAddresses, refused_to_browsers
from tests.support.running_gateway import Running

LOCAL = OwnAddresses.of("127.0.0.1", "")
PUBLIC = OwnAddresses.of(
    "10.1.2.3", "https://alerts.example.org/gw", ["gw.monitoring.svc", "Wall.example:8443"]
)
EVERYWHERE = OwnAddresses.of("0.0.0.0", "")


def asked(own: OwnAddresses, host: str = "127.0.0.1:9096", **headers: str) -> int:
    raw = [
        (b"host", host.encode()),
        *((name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()),
    ]
    found = refused_to_browsers(Request({"type": "http", "headers": raw}), own)
    return found[0] if found else 200


@pytest.mark.parametrize(
    "host", ["127.0.0.1:9096", "localhost", "LocalHost:9096", "localhost.:9096", "[::1]:9096", "127.9.9.9"]
)
def test_loopback_is_a_name_of_ours_everywhere(host: str) -> None:
    assert [asked(own, host) for own in (LOCAL, PUBLIC, EVERYWHERE)] == [200, 200, 200]


@pytest.mark.parametrize(
    "host",
    [
        "rebound.example:9096",
        "127.0.0.1.rebound.example",
        "localhost.rebound.example",
        "",
        "127.1",
        "2130706433",
        "a@127.0.0.1",
        "127.0.0.1:9096, x",
        "[fe80::1%25eth0]",
        "localhost:port",
        "xn--n3h.example",
    ],
)
def test_a_name_that_may_have_been_made_to_lead_here_is_refused(host: str) -> None:
    assert [asked(own, host) for own in (LOCAL, PUBLIC, EVERYWHERE)] == [403, 403, 403]


@pytest.mark.parametrize(
    "host",
    [
        "10.1.2.3:9096",
        "alerts.example.org",
        "ALERTS.example.org:443",
        "gw.monitoring.svc:9096",
        "wall.example",
    ],
)
def test_the_listen_address_the_public_name_and_allowed_names_are_ours(host: str) -> None:
    assert asked(PUBLIC, host) == 200
    assert asked(LOCAL, host) == 403


def test_where_the_gateway_listens_on_every_address_any_address_is_one_of_its_own() -> None:
    assert (asked(EVERYWHERE, "192.0.2.7:9096"), asked(EVERYWHERE, "[2001:db8::1]:9096")) == (200, 200)
    assert asked(LOCAL, "192.0.2.7:9096") == 403


def test_a_request_with_two_hosts_or_none_is_refused() -> None:
    for hosts in ([], [b"127.0.0.1", b"evil.example"]):
        request = Request({"type": "http", "headers": [(b"host", host) for host in hosts]})
        found = refused_to_browsers(request, LOCAL)
        assert found is not None
        assert found[0] == 403


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1:9096", "http://127.0.0.1:9096", 200),
        ("localhost:9096", "http://localhost:9096", 200),
        ("127.0.0.1:9096", "http://127.0.0.1:3000", 403),
        ("localhost:9096", "http://127.0.0.1:9096", 403),
        ("127.0.0.1:9096", "https://evil.example", 403),
        ("127.0.0.1:9096", "null", 403),
        ("127.0.0.1:9096", "http://127.0.0.1:9096.evil.example", 403),
        ("127.0.0.1:9096", "file://", 403),
        ("127.0.0.1:9096", "", 403),
        ("127.0.0.1:9096", "https://alerts.example.org", 200),
        ("127.0.0.1:9096", "http://alerts.example.org", 403),
        ("127.0.0.1:9096", "https://alerts.example.org:444", 403),
        ("alerts.example.org", "https://alerts.example.org:443", 200),
        ("127.0.0.1:9096", "https://wall.example:8443", 200),
        ("127.0.0.1:9096", "https://wall.example", 403),
        ("127.0.0.1:9096", "http://gw.monitoring.svc", 200),
    ],
)
def test_the_origin_is_our_own_by_name_and_port(host: str, origin: str, status: int) -> None:
    assert asked(PUBLIC, host, origin=origin) == status


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "text/json"],
)
def test_a_body_that_a_page_may_send_unasked_is_no_json(kind: str) -> None:
    assert asked(LOCAL, content_length="7", content_type=kind) == 415
    assert asked(LOCAL, transfer_encoding="chunked", content_type=kind) == 415
    assert asked(LOCAL, content_length="0", content_type=kind) == 200


def test_json_is_taken_with_its_charset() -> None:
    assert asked(LOCAL, content_length="7", content_type="Application/JSON; charset=utf-8") == 200


# In the whole gateway


async def test_no_page_pauses_paging_or_reads_alerts_where_no_token_is_set(app: Running) -> None:
    page = {"origin": "https://evil.example"}
    order = {"duration": "1h", "by": "page"}
    assert (await app.ask("/api/v1/orders/pause", "POST", json=order, headers=page)).status_code == 403
    plain = {"content-type": "text/plain"}
    assert (
        await app.ask("/api/v1/orders/pause", "POST", content='{"by":"x","duration":"1h"}', headers=plain)
    ).status_code == 415
    assert (
        await app.ask("/api/v1/dead-letters/x/y/retry", "POST", content="x", headers=plain)
    ).status_code == 415
    for path in ("/api/v1/alerts", "/api/v1/openapi.json", "/api/v1/orders"):
        assert (await app.ask(path, headers={"host": "rebound.example"})).status_code == 403
    assert (await app.ask("/api/v1/orders")).json()["pause"] is None


async def test_a_post_without_a_body_is_fine(app: Running) -> None:
    assert (await app.ask("/api/v1/dead-letters/x/y/retry", "POST")).status_code == 404


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/health", "/metrics", "/webhooks/alertmanager"])
async def test_probes_and_webhooks_are_reached_by_any_name(app: Running, path: str) -> None:
    method = "POST" if path.startswith("/webhooks") else "GET"
    body = {"json": {"version": "4", "alerts": []}} if method == "POST" else {}
    answered = await app.ask(path, method, headers={"host": "gateway.monitoring.svc"}, **body)
    assert answered.status_code == 200

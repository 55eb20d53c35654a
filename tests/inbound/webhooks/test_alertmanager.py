"""Alertmanager's door: who is let in, what is taken, what is answered, and that bad input of every kind is a
clear refusal.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.inbound.webhooks.body import Caps
from gateway.model.copy_key import plain_key
from gateway.sandbox.server import LocalServer
from tests.support.event_recorder import PATH, resolved, silenced
from tests.support.webhook_endpoint import GOOD, Taker, basic, door, post

SHARED = Path(__file__).parents[4] / "shared/data/webhooks"


async def test_a_good_webhook_is_taken_and_answered_200() -> None:
    taker = Taker()
    answer = await post(door(taker), {"alerts": [GOOD], "version": "4"})
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "alerts": 1, "quarantined": 0}
    assert taker.seen[0].labels == {"alertname": "Down", "service": "pay"}


async def test_a_trailing_slash_is_the_same_place_and_never_a_redirect() -> None:
    assert (await post(door(Taker()), {"alerts": []}, "/webhooks/alertmanager/")).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "http://gateway", "null"])
async def test_no_page_of_a_browser_is_let_in_where_no_token_is_asked_for(origin: str) -> None:
    taker, body = Taker(), {"alerts": [{**GOOD, "status": "resolved"}]}
    answer = await post(door(taker), body, headers={"origin": origin, "content-type": "text/plain"})
    assert (answer.status_code, answer.json()["field"], taker.seen) == (401, "origin", [])
    shown = {"origin": origin, "authorization": "Bearer one"}
    assert (await post(door(taker, ["one"]), body, headers=shown)).status_code == 200


async def test_a_get_is_405() -> None:
    answer = await post(door(Taker()), b"", method="GET")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("header", "status"),
    [
        pytest.param("Bearer two", 200, id="one of several bearer tokens is let in"),
        pytest.param("bearer   one", 200, id="the scheme is read without regard to case"),
        pytest.param(basic("two"), 200, id="the token as the password of any user is let in"),
        pytest.param(None, 401, id="nothing shown is refused"),
        pytest.param("Bearer three", 401, id="another token is refused"),
        pytest.param("Bearer ", 401, id="an empty token is refused"),
        pytest.param("Basic !!!", 401, id="broken base64 is refused, not a fault"),
        pytest.param(
            "Basic " + base64.b64encode(b"nocolon").decode(), 401, id="basic without a colon is refused"
        ),
        pytest.param("Digest two", 401, id="another scheme is refused"),
        pytest.param("Bearer tw\xf6", 401, id="bytes that are not ASCII are refused, not a fault"),
    ],
)
async def test_who_is_let_in(header: str | None, status: int) -> None:
    headers = {"authorization": header.encode("latin-1")} if header is not None else {}
    answer = await post(door(Taker(), ["one", "two"]), {"alerts": []}, headers=headers)
    assert answer.status_code == status
    assert ("www-authenticate" in answer.headers) is (status == 401)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param(b"", "", id="nothing"),
        pytest.param(b"hello", "", id="no JSON"),
        pytest.param(b'{"alerts": [', "", id="cut JSON"),
        pytest.param(b"\xff\xfe", "", id="no UTF-8"),
        pytest.param(b"[" * 100_000, "alerts", id="lists nested without end"),
        pytest.param(b'{"a":' * 100_000, "", id="objects nested without end"),
        pytest.param(b"[]", "alerts", id="a list"),
        pytest.param(b"null", "alerts", id="null"),
        pytest.param(b"{}", "alerts", id="no alerts"),
        pytest.param(b'{"alerts": {}}', "alerts", id="alerts that are no list"),
        pytest.param(b'{"alerts": null}', "alerts", id="alerts that are null"),
        pytest.param(b'{"text": "a custom payload"}', "alerts", id="a custom payload"),
    ],
)
async def test_what_is_no_webhook_is_400_with_the_field_and_kept(body: bytes, field: str) -> None:
    taker = Taker()
    answer = await post(door(taker), body)
    assert answer.status_code == 400
    assert answer.json()["field"] == taker.quarantined[0].field == field
    assert answer.json()["remedy"]
    assert taker.quarantined[0].whole
    assert taker.quarantined[0].raw == body[: 64 * 1024]


async def test_alerts_that_are_nested_without_end_are_quarantined() -> None:
    taker = Taker()
    answer = await post(door(taker), b'{"alerts":' + b"[" * 5_000 + b"]" * 5_000 + b"}")
    assert (answer.status_code, len(taker.quarantined)) in ((200, 1), (400, 1))


@pytest.mark.parametrize(
    ("change", "where"),
    [
        pytest.param({"labels": None}, "alerts[].labels", id="no labels"),
        pytest.param({"labels": {}}, "alerts[].labels", id="empty labels"),
        pytest.param({"labels": {"a": ""}}, "alerts[].labels", id="only empty values"),
        pytest.param({"labels": {"a": {"b": 5}}}, "alerts[].labels.a", id="an object as a value"),
        pytest.param({"labels": {"a": ["b"]}}, "alerts[].labels.a", id="a list as a value"),
        pytest.param({"labels": {f"l{n}": "x" for n in range(300)}}, "alerts[].labels", id="too many labels"),
        pytest.param({"labels": {"a": "x" * 20_000}}, "alerts[].labels.a", id="a value without end"),
        pytest.param({"status": "suppressed"}, "alerts[].status", id="an unknown status"),
        pytest.param({"status": 3}, "alerts[].status", id="a status that is no text"),
    ],
)
async def test_one_bad_alert_is_quarantined_alone(change: dict[str, object], where: str) -> None:
    taker = Taker()
    answer = await post(door(taker), {"alerts": [GOOD, {**GOOD, **change}, GOOD]})
    told = answer.json()
    assert (told["status"], told["alerts"], told["quarantined"], told["field"]) == ("ok", 2, 1, where)
    assert told["error"].startswith(where)
    assert "gateway quarantine" in told["remedy"]
    assert [quarantined.field for quarantined in taker.quarantined] == [where]


@pytest.mark.parametrize(
    ("alert", "expected"),
    [
        pytest.param({"status": None}, {"firing": True}, id="a missing status fires"),
        pytest.param({"status": "", "endsAt": "2020-01-01T00:00:00Z"}, {"firing": False}, id="or ended when its end is past"),
        pytest.param({"startsAt": None}, {"starts_at": None}, id="a missing start is none"),
        pytest.param({"startsAt": "yesterday"}, {"starts_at": None}, id="an unreadable start is none"),
        pytest.param({"startsAt": 12345}, {"starts_at": None}, id="a start that is a number is none"),
        pytest.param({"status": "resolved", "endsAt": "0001-01-01T00:00:00Z"}, {"ends_at": None}, id="the year 1 is no end"),
        pytest.param({"endsAt": "2026-11-23T11:00:00Z"}, {"ends_at": None}, id="a firing alert has no end"),
        pytest.param({"startsAt": "2026-11-23T10:00:00.123456789+02:00"}, {"starts_at": 1795420800123}, id="nanoseconds and zones"),
        pytest.param({"labels": {"alertname": "A", "x": None}}, {"labels": {"alertname": "A"}}, id="null values are left out"),
        pytest.param({"labels": {"alertname": "A", "prometheus_replica": "b"}}, {"labels": {"alertname": "A"}}, id="ignored labels go"),
        pytest.param({"annotations": {"n": 5, "o": {"a": 1}}}, {"annotations": {"n": "5", "o": '{"a":1}'}}, id="odd annotations are text"),
        pytest.param({"annotations": "x"}, {"annotations": {}}, id="annotations that are no object are none"),
        pytest.param({"generatorURL": "javascript:alert(1)"}, {"source_url": ""}, id="only web addresses are links"),
        pytest.param({"fingerprint": "nonsense"}, {"copy": "default/45a1d6ed8e8fb2a9"}, id="a strange fingerprint is computed"),
    ],
)  # fmt: skip
async def test_what_is_missing_gets_a_default(alert: dict[str, object], expected: dict[str, object]) -> None:
    taker = Taker()
    await post(door(taker), {"alerts": [{**GOOD, **alert}]})
    found = {name: getattr(taker.seen[0], name) for name in expected}
    if "copy" in expected:
        assert len(plain_key(str(found["copy"]))) == len("default/") + 16
    else:
        assert found == expected


@pytest.mark.parametrize(
    ("odd", "shown"),
    [
        pytest.param(b'{"labels": {"a": "\xff"}}', {"a": "\ufffd"}, id="a byte that is no UTF-8"),
        pytest.param(b'{"labels": {"a": 5}}', {"a": "5"}, id="a number"),
        pytest.param(b'{"labels": {"a": "\\ud83d"}}', {"a": "\ufffd"}, id="half of an emoji"),
        pytest.param(
            b'{"labels": {"a": "b"}, "values": {"A": NaN}}', {"a": "b"}, id="NaN where nobody looks"
        ),
    ],
)
async def test_an_odd_alert_is_told_with_its_neighbours(odd: bytes, shown: dict[str, str]) -> None:
    taker = Taker()
    good = json.dumps(GOOD).encode()
    answer = await post(door(taker), b'{"alerts": [' + good + b", " + odd + b", " + good + b"]}")
    assert (answer.status_code, answer.json()["quarantined"]) == (200, 0)
    assert [one.labels for one in taker.seen] == [GOOD["labels"], shown, GOOD["labels"]]


@pytest.mark.parametrize(
    ("size", "threads"),
    [
        pytest.param(1_000, 0, id="a short body on the loop"),
        pytest.param(300 * 1024, 1, id="a long one off it"),
    ],
)
async def test_an_odd_body_keeps_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch, size: int, threads: int
) -> None:
    used = []
    to_thread = asyncio.to_thread

    async def counted(*work: Any) -> Any:
        used.append(work)
        return await to_thread(*work)

    monkeypatch.setattr(asyncio, "to_thread", counted)
    taker = Taker()
    odd = {**GOOD, "annotations": {"text": "x" * size, "n": None}, "labels": {"alertname": "Odd", "port": 5}}
    assert (await post(door(taker), {"alerts": [odd]})).status_code == 200
    assert (
        await post(door(taker), {"alerts": [{**GOOD, "annotations": {"text": "x" * size}}]})
    ).status_code == 200
    assert len(taker.seen) == 2
    assert len(used) == threads, "a body as Alertmanager sends it never needs the tolerant reader"


async def test_a_store_that_is_away_is_503_and_nothing_else() -> None:
    for body in ({"alerts": [GOOD]}, {"no": "webhook"}):
        answer = await post(door(Taker(refuses="the store is full")), body)
        assert answer.status_code == 503
        assert answer.json()["error"] == "the store is full"


async def test_a_store_that_is_slow_is_503() -> None:
    answer = await post(door(Taker(slow=1.0), caps=Caps(take_time=0.05)), {"alerts": [GOOD]})
    assert answer.status_code == 503


async def test_a_body_over_the_cap_is_413_with_and_without_a_length() -> None:
    asgi_app = door(Taker(), caps=Caps(body=100))
    assert (await post(asgi_app, b"x" * 101)).status_code == 413

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 10

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(asgi_app), base_url="http://gateway"
    ) as client:
        assert (await client.post("/webhooks/alertmanager", content=parts())).status_code == 413


async def test_too_many_bytes_at_once_are_503() -> None:
    assert (await post(door(Taker(), caps=Caps(in_flight=10)), {"alerts": [GOOD]})).status_code == 503


async def test_a_compressed_body_is_a_clear_400() -> None:
    answer = await post(door(Taker()), b"x", headers={"content-encoding": "gzip"})
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "the body is compressed",
        "field": "content-encoding",
        "remedy": "webhooks have to come as plain JSON",
    }


async def test_a_refused_sender_is_not_read() -> None:
    asgi_app = door(Taker(), ["token"])

    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(asgi_app), base_url="http://gateway"
    ) as client:
        assert (
            await client.post("/webhooks/alertmanager", content=never(), headers={"content-length": "5"})
        ).status_code == 401


async def test_a_slow_sender_is_answered_503_and_one_that_hangs_up_leaves_nothing() -> None:
    taker, server = Taker(), LocalServer()
    async with server.running(door(taker, caps=Caps(read_time=0.2)), 0):
        port = int(server.url.rpartition(":")[2])
        head = b"POST /webhooks/alertmanager HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head + b'{"alerts"')
        assert b" 503 " in await reader.readline()
        writer.close()
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head + b'{"alerts"')
        await writer.drain()
        writer.close()
        assert (await post(door(taker), {"alerts": []})).status_code == 200
    assert taker.seen == []


@pytest.mark.skipif(not SHARED.exists(), reason="the recorded bodies are not on this machine")
async def test_every_body_that_other_projects_know_is_taken() -> None:
    for path in sorted(SHARED.glob("[0-9]*.json")):
        taker = Taker()
        answer = await post(door(taker), path.read_bytes())
        assert answer.status_code == 200, path.name
        assert len(taker.seen) + len(taker.quarantined) == len(json.loads(path.read_bytes())["alerts"]), (
            path.name
        )


async def test_no_token_stands_in_an_answer_or_the_metrics() -> None:
    secret = "a-very-secret-token"
    asgi_app = door(Taker(), [secret])
    for header in (f"Bearer {secret}", f"Bearer {secret}x"):
        answer = await post(asgi_app, b"{}", headers={"authorization": header})
        assert secret not in answer.text


class Faulty(Taker):
    async def take(self, *_: object) -> None:  # type: ignore[override]
        raise ValueError("a fault of ours")


async def test_a_fault_of_ours_is_answered_500_which_alertmanager_sends_again() -> None:
    answer = await post(door(Faulty()), {"alerts": [GOOD]})
    assert (answer.status_code, answer.json()["error"]) == (500, "a fault of the gateway: its log says more")


# The event recorder posts to a path of its own


@pytest.mark.parametrize("path", [PATH, PATH + "/"])
async def test_events_come_through_the_same_door(path: str) -> None:
    taker = Taker()
    answer = await post(
        door(taker, ["token"]), [resolved(), silenced()], path, headers={"authorization": "Bearer token"}
    )
    assert (answer.status_code, answer.json()["alerts"]) == (200, 1)
    assert len(taker.seen) == len(taker.quieted) == 1


async def test_the_door_keeps_its_manners_for_events() -> None:
    assert (await post(door(Taker(), ["token"]), [], PATH)).status_code == 401
    assert (await post(door(Taker(refuses="away")), [], PATH)).status_code == 503
    assert (await post(door(Taker()), b"", PATH, method="GET")).status_code == 405
    taker = Taker()
    refused = await post(door(taker), {"alerts": []}, PATH)
    assert (refused.status_code, refused.json()["field"]) == (400, "data")
    assert taker.quarantined[0].whole

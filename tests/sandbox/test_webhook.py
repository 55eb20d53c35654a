"""The local receiver of webhooks: as strict as a real one, and no fault goes unseen."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from gateway.sandbox import Fault, FaultKind, WebhookSandbox
from tests.sandbox.clients import VendorClock

KEY = b"k" * 32
TOKEN = "let me in"
BODY = {
    "version": "1",
    "type": "incident.firing",
    "timestamp": "2026-11-23T14:00:00Z",
    "data": {"key": "a.1", "state": "firing"},
}


@pytest.fixture
async def receiver(clock: VendorClock) -> AsyncIterator[WebhookSandbox]:
    secret = "whsec_" + base64.b64encode(KEY).decode()
    async with WebhookSandbox.start(token=TOKEN, secret=secret, now=clock) as one:
        yield one


async def post(
    receiver: WebhookSandbox, body: object = BODY, key: bytes = KEY, message: str = "m1", **headers: str
) -> int:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    seconds = headers.get("webhook-timestamp", str(int(receiver.now().timestamp())))
    digest = hmac.new(key, f"{message}.{seconds}.".encode() + raw, hashlib.sha256).digest()
    signed = f"v1,{base64.b64encode(digest).decode()}"
    given = {
        "webhook-id": message, "webhook-timestamp": seconds, "webhook-signature": signed, "authorization": f"Bearer {TOKEN}", **headers,
    }  # fmt: skip
    async with httpx.AsyncClient() as client:
        return (await client.post(receiver.url, content=raw, headers=given)).status_code


async def test_what_is_signed_is_taken_once_and_repeats_are_counted(receiver: WebhookSandbox) -> None:
    assert [await post(receiver), await post(receiver)] == [204, 204]
    assert [(one.id, one.repeats, one.signed) for one in receiver.received] == [("m1", 1, True)]
    assert receiver.incidents == {"a.1": {"key": "a.1", "state": "firing"}}


async def test_the_later_state_counts_also_within_the_second_that_has_no_fraction(
    receiver: WebhookSandbox,
) -> None:
    said = {"2026-11-30T10:21:19Z": "firing", "2026-11-30T10:21:19.500000Z": "ended"}
    for at, state in said.items():
        await post(receiver, BODY | {"timestamp": at, "data": {"key": "a.1", "state": state}}, message=at)
    assert receiver.incidents["a.1"]["state"] == "ended"


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"key": b"o" * 32}, 401),
        ({"authorization": "Bearer another"}, 401),
        ({"webhook-signature": "v1,none"}, 401),
        ({"webhook-timestamp": "1000"}, 400),
        ({"webhook-timestamp": "now"}, 400),
        ({"message": ""}, 400),
        ({"body": b"no json"}, 400),
        ({"body": [1]}, 400),
        ({"body": {"type": "x"}}, 422),
        ({"body": BODY | {"timestamp": "soon"}}, 422),
        ({"body": b"x" * 1_100_000}, 413),
    ],
)
async def test_what_is_not_as_it_should_be_is_refused(
    receiver: WebhookSandbox, more: dict[str, object], status: int
) -> None:
    assert await post(receiver, **more) == status  # type: ignore[arg-type]
    assert not receiver.received


async def test_one_of_several_signatures_is_enough(receiver: WebhookSandbox) -> None:
    seconds = str(int(receiver.now().timestamp()))
    raw = json.dumps(BODY).encode()
    good = base64.b64encode(hmac.new(KEY, f"m1.{seconds}.".encode() + raw, hashlib.sha256).digest()).decode()
    assert await post(receiver, **{"webhook-signature": f"v1,bad v1a,other v1,{good}"}) == 204


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault(FaultKind.STATUS, status=502), 502),
        (Fault(FaultKind.RATE_LIMIT), 429),
        (Fault(FaultKind.ERROR), 422),
    ],
)
async def test_faults_strike_by_type_and_by_key(receiver: WebhookSandbox, fault: Fault, status: int) -> None:
    receiver.faults.add(Fault(fault.kind, "incident.*", "a.1", status=fault.status))
    assert await post(receiver) == status
    assert not receiver.received


async def test_the_page_shows_what_came_and_hostile_text_stays_text(receiver: WebhookSandbox) -> None:
    hostile = "<script>alert(1)</script>"
    data = {"key": "a.1", "state": "firing", "title": hostile, "url": "javascript:alert(1)"}
    await post(receiver, {**BODY, "data": data})
    await post(receiver, {**BODY, "type": "incident.notes", "data": {"key": "a.1"}}, message="m2")
    async with httpx.AsyncClient() as client:
        pages = [(await client.get(receiver.page_url + path)).text for path in ("", "fragment")]
        state = (await client.get(receiver.page_url + "_sandbox/state")).json()
    for page in pages:
        assert hostile not in page
        assert 'href="javascript' not in page
        assert ("signature verified" in page, "incident.notes" in page) == (True, True)
    assert [one["id"] for one in state["received"]] == ["m1", "m2"]
    receiver.reset()
    assert not receiver.received

"""Events as PagerDuty checks them."""

from __future__ import annotations

import asyncio

import pdpyras
import pytest

from gateway.sandbox import PagerDutySandbox
from gateway.sandbox.pagerduty.events import BODY_MAX, BadEvent, check_event, read_event
from tests.sandbox.clients import ROUTING_KEY, Events

PAYLOAD = {"summary": "s", "source": "h", "severity": "info"}


def trigger(**changes: object) -> dict[str, object]:
    return {"routing_key": ROUTING_KEY, "event_action": "trigger", "payload": PAYLOAD, **changes}


def with_payload(**changes: object) -> dict[str, object]:
    return trigger(payload=PAYLOAD | changes)


@pytest.mark.parametrize(
    ("event", "said"),
    [
        pytest.param(trigger(routing_key="short"), "32 characters", id="a key of the wrong length"),
        pytest.param(trigger(routing_key=None), "'routing_key' is missing", id="no key"),
        pytest.param(trigger(event_action="close"), "'event_action' is invalid", id="an unknown action"),
        pytest.param(trigger(dedup_key="k" * 256), "'dedup_key' is too long", id="a dedup key of 256"),
        pytest.param(trigger(dedup_key=7), "'dedup_key' must be a string", id="a dedup key that is a number"),
        pytest.param(trigger(event_action="resolve"), "'dedup_key' is missing", id="a resolve of nothing"),
        pytest.param(
            trigger(event_action="acknowledge", dedup_key=""),
            "'dedup_key' is missing",
            id="an empty dedup key",
        ),
        pytest.param(trigger(payload=None), "'payload' is missing", id="no payload"),
        pytest.param(with_payload(summary=" "), "'payload.summary' is missing", id="a blank summary"),
        pytest.param(
            with_payload(summary="s" * 1_025), "'payload.summary' is too long", id="a summary of 1,025"
        ),
        pytest.param(with_payload(source=""), "'payload.source' is missing", id="a blank source"),
        pytest.param(
            with_payload(severity="page"), "'payload.severity' is invalid", id="an unknown severity"
        ),
        pytest.param(with_payload(timestamp="noon"), "'payload.timestamp' is not", id="a time that is none"),
        pytest.param(
            with_payload(custom_details="x"), "'payload.custom_details' must", id="details that are no object"
        ),
        pytest.param(
            with_payload(component=1), "'payload.component' must", id="a component that is a number"
        ),
        pytest.param(
            trigger(links=[{"text": "x"}]), "'links.href' is missing", id="a link without an address"
        ),
        pytest.param(trigger(links={}), "'links' must be an array", id="links that are no list"),
        pytest.param(trigger(images=[{"src": "http://x/"}]), "via HTTPS", id="an image that is not https"),
        pytest.param(trigger(client_url=5), "'client_url' must", id="an address that is a number"),
    ],
)
def test_a_bad_event_is_told_what_is_wrong(event: dict[str, object], said: str) -> None:
    with pytest.raises(BadEvent) as caught:
        check_event(event)
    assert any(said in error for error in caught.value.errors)


def test_a_full_event_at_its_limits_is_taken() -> None:
    full = with_payload(
        summary="s" * 1_024, timestamp="2026-11-23T14:00:00.123+0000", custom_details={"a": {"b": 1}}
    )
    check_event(
        full | {"dedup_key": "k" * 255, "links": [{"href": "http://x/"}], "images": [{"src": "https://x/"}]}
    )


def test_a_body_beyond_512_kb_is_refused() -> None:
    assert read_event(b'{"x":"' + b"x" * (BODY_MAX - 8) + b'"}')
    with pytest.raises(BadEvent, match="too large"):
        read_event(b'{"x":"' + b"x" * (BODY_MAX - 7) + b'"}')


async def test_a_bad_event_is_answered_with_400_and_its_errors(events: Events) -> None:
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        await events.trigger("k", severity="page")
    body = caught.value.response.json()
    assert (caught.value.response.status_code, body["status"], len(body["errors"])) == (
        400,
        "invalid event",
        1,
    )


async def test_a_body_that_is_no_json_is_unrecognized(events: Events, pagerduty: PagerDutySandbox) -> None:
    answer = await asyncio.to_thread(events.session.post, "/v2/enqueue", data=b"{oops")
    assert (answer.status_code, answer.json()["status"]) == (400, "Unrecognized object")
    assert pagerduty.calls[-1].outcome.startswith("invalid")

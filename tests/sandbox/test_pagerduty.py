"""Events and incidents of the local PagerDuty, driven by pdpyras."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pdpyras
import pytest

from gateway.sandbox import Pace, PagerDutySandbox
from gateway.sandbox.pagerduty import DEFAULT_API_TOKEN
from gateway.sandbox.pagerduty.events import BODY_MAX, BadEvent, check_event, read_event
from tests.sandbox.clients import OTHER_ROUTING_KEY, ROUTING_KEY, Events, EventsOf, VendorClock

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
        pytest.param(trigger(event_action="acknowledge", dedup_key=""), "'dedup_key' is missing", id="an empty dedup key"),
        pytest.param(trigger(payload=None), "'payload' is missing", id="no payload"),
        pytest.param(with_payload(summary=" "), "'payload.summary' is missing", id="a blank summary"),
        pytest.param(with_payload(summary="s" * 1_025), "'payload.summary' is too long", id="a summary of 1,025"),
        pytest.param(with_payload(source=""), "'payload.source' is missing", id="a blank source"),
        pytest.param(with_payload(severity="page"), "'payload.severity' is invalid", id="an unknown severity"),
        pytest.param(with_payload(timestamp="noon"), "'payload.timestamp' is not", id="a time that is none"),
        pytest.param(with_payload(custom_details="x"), "'payload.custom_details' must", id="details that are no object"),
        pytest.param(with_payload(component=1), "'payload.component' must", id="a component that is a number"),
        pytest.param(trigger(links=[{"text": "x"}]), "'links.href' is missing", id="a link without an address"),
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
    full = with_payload(summary="s" * 1_024, timestamp="2026-11-23T14:00:00.123+0000", custom_details={"a": {"b": 1}})
    check_event(full | {"dedup_key": "k" * 255, "links": [{"href": "http://x/"}], "images": [{"src": "https://x/"}]})


def test_a_body_beyond_512_kb_is_refused() -> None:
    assert read_event(b'{"x":"' + b"x" * (BODY_MAX - 8) + b'"}')
    with pytest.raises(BadEvent, match="too large"):
        read_event(b'{"x":"' + b"x" * (BODY_MAX - 7) + b'"}')


async def test_a_bad_event_is_answered_with_400_and_its_errors(events: Events) -> None:
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        await events.trigger("k", severity="page")
    body = caught.value.response.json()
    assert (caught.value.response.status_code, body["status"], len(body["errors"])) == (400, "invalid event", 1)


async def test_a_body_that_is_no_json_is_unrecognized(events: Events, pagerduty: PagerDutySandbox) -> None:
    answer = await asyncio.to_thread(events.session.post, "/v2/enqueue", data=b"{oops")
    assert (answer.status_code, answer.json()["status"]) == (400, "Unrecognized object")
    assert pagerduty.calls[-1].outcome.startswith("invalid")


async def test_a_routing_key_of_nobody_is_refused(events_of: EventsOf) -> None:
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        await events_of("x" * 32).trigger("k")
    assert caught.value.response.json()["errors"] == ["Invalid routing key"]


async def test_a_trigger_opens_an_incident_and_pages_once(events: Events, pagerduty: PagerDutySandbox) -> None:
    assert await events.trigger("k") == "k"
    await events.trigger("k", severity="info", summary="again")
    (incident,) = pagerduty.incidents
    assert (incident.status, incident.severity, incident.title, incident.triggers) == (
        "triggered",
        "critical",
        "checkout is down",
        2,
    )
    assert [(page.to, page.urgency) for page in incident.pages] == [("on call for payments", "high")]


async def test_without_a_dedup_key_each_trigger_gets_one_of_its_own(events: Events, pagerduty: PagerDutySandbox) -> None:
    assert await events.trigger() != await events.trigger()
    assert len(pagerduty.incidents) == 2


async def test_a_trigger_after_the_resolve_opens_a_new_incident(events: Events, pagerduty: PagerDutySandbox) -> None:
    await events.trigger("k")
    await events.send("resolve", "k")
    await events.trigger("k")
    assert [(one.status, len(one.pages)) for one in pagerduty.incidents] == [("resolved", 1), ("triggered", 1)]


async def test_an_acknowledged_incident_stays_so_through_another_trigger(events: Events, pagerduty: PagerDutySandbox) -> None:
    await events.trigger("k")
    await events.send("acknowledge", "k")
    await events.trigger("k")
    assert [one.status for one in pagerduty.incidents] == ["acknowledged"]


@pytest.mark.parametrize("action", ["acknowledge", "resolve"])
async def test_an_end_of_nothing_is_dropped_silently(events: Events, pagerduty: PagerDutySandbox, action: str) -> None:
    assert await events.send(action, "k") == "k"
    assert (pagerduty.incidents, pagerduty.calls[-1].outcome) == ([], "dropped")


async def test_another_routing_key_cannot_end_it(events_of: EventsOf, pagerduty: PagerDutySandbox) -> None:
    await events_of(ROUTING_KEY).trigger("k")
    await events_of(OTHER_ROUTING_KEY).send("resolve", "k")
    assert [one.status for one in pagerduty.incidents] == ["triggered"]


async def test_events_beyond_the_pace_of_a_key_are_refused(clock: VendorClock) -> None:
    async with PagerDutySandbox.start(now=clock, pace=Pace(per_second=2, burst=1)) as pagerduty:
        events = Events(pagerduty, ROUTING_KEY)
        await events.trigger("k")
        with pytest.raises(pdpyras.PDHTTPError) as caught:
            await events.trigger("k")
        events.session.close()
    assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (429, "1")


@pytest.fixture
def rest(pagerduty: PagerDutySandbox) -> Iterator[pdpyras.APISession]:
    session = pdpyras.APISession(DEFAULT_API_TOKEN)
    session.url = pagerduty.api_url
    yield session
    session.close()


async def test_incidents_are_found_by_key_and_status(events: Events, rest: pdpyras.APISession) -> None:
    for key in ("a", "b", "c"):
        await events.trigger(key)
    await events.send("resolve", "b")
    by_key = await asyncio.to_thread(rest.list_all, "incidents", params={"incident_key": "b"})
    is_open = await asyncio.to_thread(rest.list_all, "incidents", params={"statuses[]": ["triggered", "acknowledged"]})
    assert [one["status"] for one in by_key] == ["resolved"]
    assert [one["incident_key"] for one in is_open] == ["a", "c"]


async def test_incidents_come_in_pages(events: Events, rest: pdpyras.APISession) -> None:
    for number in range(3):
        await events.trigger(str(number))
    answer = await asyncio.to_thread(rest.get, "/incidents", params={"limit": 2, "offset": 1})
    assert ([one["incident_key"] for one in answer.json()["incidents"]], answer.json()["more"]) == (["1", "2"], False)


async def test_an_incident_tells_its_alert_and_its_log(events: Events, rest: pdpyras.APISession) -> None:
    await events.trigger("k", custom_details={"pod": "p1"})
    await events.send("resolve", "k")
    (incident,) = await asyncio.to_thread(rest.list_all, "incidents")
    place = f"/incidents/{incident['id']}"
    one = await asyncio.to_thread(rest.get, place)
    alerts = await asyncio.to_thread(rest.get, f"{place}/alerts")
    entries = await asyncio.to_thread(rest.get, f"{place}/log_entries")
    assert one.json()["incident"]["resolved_at"]
    assert [alert["body"]["details"] for alert in alerts.json()["alerts"]] == [{"pod": "p1"}]
    kinds = [entry["type"] for entry in entries.json()["log_entries"]]
    assert kinds == ["resolve_log_entry", "notify_log_entry", "trigger_log_entry"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param("/incidents/QNONE", 404, id="an incident that is not there is not found"),
        pytest.param("/incidents?limit=many", 400, id="a limit must be a number"),
    ],
)
async def test_a_bad_question_is_refused_by_its_kind(rest: pdpyras.APISession, path: str, status: int) -> None:
    answer = await asyncio.to_thread(rest.get, path)
    assert (answer.status_code, "error" in answer.json()) == (status, True)


async def test_a_wrong_token_is_refused(rest: pdpyras.APISession) -> None:
    rest.api_key = "wrong"
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        await asyncio.to_thread(rest.get, "/incidents")
    assert caught.value.response.status_code == 401

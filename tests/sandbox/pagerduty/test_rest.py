"""The local PagerDuty's REST API: incidents by key and status, in pages, with their log."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pdpyras
import pytest

from gateway.sandbox import PagerDutySandbox
from gateway.sandbox.pagerduty import DEFAULT_API_TOKEN
from tests.sandbox.clients import Events


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
    is_open = await asyncio.to_thread(
        rest.list_all, "incidents", params={"statuses[]": ["triggered", "acknowledged"]}
    )
    assert [one["status"] for one in by_key] == ["resolved"]
    assert [one["incident_key"] for one in is_open] == ["a", "c"]


async def test_incidents_come_in_pages(events: Events, rest: pdpyras.APISession) -> None:
    for number in range(3):
        await events.trigger(str(number))
    answer = await asyncio.to_thread(rest.get, "/incidents", params={"limit": 2, "offset": 1})
    assert ([one["incident_key"] for one in answer.json()["incidents"]], answer.json()["more"]) == (
        ["1", "2"],
        False,
    )


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
async def test_a_bad_question_is_refused_by_its_kind(
    rest: pdpyras.APISession, path: str, status: int
) -> None:
    answer = await asyncio.to_thread(rest.get, path)
    assert (answer.status_code, "error" in answer.json()) == (status, True)


async def test_a_wrong_token_is_refused(rest: pdpyras.APISession) -> None:
    rest.api_key = "wrong"
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        await asyncio.to_thread(rest.get, "/incidents")
    assert caught.value.response.status_code == 401

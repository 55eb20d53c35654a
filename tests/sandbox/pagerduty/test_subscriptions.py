"""Webhook subscriptions by the local PagerDuty's REST API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pdpyras
import pytest

from gateway.inbound.signatures import signed_by_pagerduty
from gateway.sandbox import PagerDutySandbox
from gateway.sandbox.pagerduty import DEFAULT_API_TOKEN, Person
from tests.sandbox.clients import OTHER_ROUTING_KEY, ROUTING_KEY, Events, EventsOf
from tests.support.webhook_receiver import Receiver, receiving

ALICE = Person("Alice Moreau", "alice@shop.example")


@pytest.fixture
def rest(pagerduty: PagerDutySandbox) -> Iterator[pdpyras.APISession]:
    session = pdpyras.APISession(DEFAULT_API_TOKEN, default_from=ALICE.email)
    session.url = pagerduty.api_url
    yield session
    session.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as found:
        yield found


async def ask(rest: pdpyras.APISession, method: str, path: str, **more: Any) -> Any:
    return await asyncio.to_thread(rest.request, method, path, **more)


def wanted(receiver: Receiver, **more: object) -> dict[str, object]:
    headers = [{"name": "x-tenant", "value": "shop"}]
    method = {
        "type": "http_delivery_method",
        "url": f"{receiver.url}/webhooks/pagerduty",
        "custom_headers": headers,
    }
    return {"webhook_subscription": {
        "type": "webhook_subscription", "delivery_method": method, "events": ["incident.triggered", "incident.resolved"],
        "filter": {"type": "account_reference"}, **more,
    }}  # fmt: skip


async def test_a_subscription_shows_its_secret_once_and_gets_what_it_asked_for(
    rest: pdpyras.APISession, events: Events, receiver: Receiver
) -> None:
    made = (await ask(rest, "POST", "/webhook_subscriptions", json=wanted(receiver))).json()
    secret, id_ = (
        made["webhook_subscription"]["delivery_method"]["secret"],
        made["webhook_subscription"]["id"],
    )
    (shown,) = (await ask(rest, "GET", "/webhook_subscriptions")).json()["webhook_subscriptions"]
    assert (shown["id"], shown["delivery_method"]["secret"]) == (id_, None)
    assert shown["delivery_method"]["custom_headers"] == [{"name": "x-tenant", "value": "-- redacted --"}]
    for action in ("trigger", "acknowledge", "resolve"):
        await events.send(action, "k", payload={"summary": "x", "source": "y", "severity": "info"})
    await receiver.until(lambda: receiver.kinds == ["incident.triggered", "incident.resolved"])
    taken = receiver.taken[0]
    assert signed_by_pagerduty([secret], taken.headers["x-pagerduty-signature"], taken.body)
    assert taken.headers["x-tenant"] == "shop"


async def test_a_subscription_of_one_service_hears_of_no_other(
    rest: pdpyras.APISession, events: Events, events_of: EventsOf, receiver: Receiver
) -> None:
    service = {"type": "service_reference", "id": f"P{ROUTING_KEY[-6:].upper()}"}
    await ask(rest, "POST", "/webhook_subscriptions", json=wanted(receiver, filter=service))
    await events_of(OTHER_ROUTING_KEY).trigger("other")
    await events.trigger("k")
    await receiver.until(lambda: receiver.taken)
    assert [one.event["data"]["incident_key"] for one in receiver.taken] == ["k"]


async def test_a_subscription_is_tried_out_changed_and_ended(
    rest: pdpyras.APISession, events: Events, receiver: Receiver
) -> None:
    made = (await ask(rest, "POST", "/webhook_subscriptions", json=wanted(receiver))).json()
    place = f"/webhook_subscriptions/{made['webhook_subscription']['id']}"
    assert (await ask(rest, "POST", f"{place}/ping")).status_code == 202
    await receiver.until(lambda: receiver.kinds == ["pagey.ping"])
    await ask(rest, "PUT", place, json={"webhook_subscription": {"active": False}})
    await events.trigger("quiet")
    await ask(rest, "PUT", place, json={"webhook_subscription": {"active": True}})
    enabled = (await ask(rest, "POST", f"{place}/enable")).json()["webhook_subscription"]
    assert enabled["delivery_method"]["temporarily_disabled"] is False
    await events.trigger("k")
    await receiver.until(lambda: len(receiver.taken) == 2)
    assert receiver.taken[-1].event["data"]["incident_key"] == "k"
    assert (await ask(rest, "DELETE", place)).status_code == 204
    assert (await ask(rest, "GET", place)).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"events": []}, id="no event"),
        pytest.param({"filter": {"type": "service_reference"}}, id="a service without its id"),
        pytest.param(
            {"delivery_method": {"type": "http_delivery_method", "url": "ftp://x"}}, id="no address"
        ),
        pytest.param({"delivery_method": None}, id="no delivery method"),
    ],
)
async def test_a_subscription_that_says_too_little_is_refused(
    rest: pdpyras.APISession, receiver: Receiver, pagerduty: PagerDutySandbox, wrong: dict[str, object]
) -> None:
    answer = await ask(rest, "POST", "/webhook_subscriptions", json=wanted(receiver, **wrong))
    assert (answer.status_code, pagerduty.webhooks.subscriptions) == (400, [])


async def test_what_a_user_changes_by_the_api_happens_and_is_said(
    rest: pdpyras.APISession, events: Events, receiver: Receiver, pagerduty: PagerDutySandbox
) -> None:
    pagerduty.account.people.append(ALICE)
    await events.trigger("k")
    pagerduty.webhooks.subscribe(receiver.url)
    (incident,) = pagerduty.incidents
    changes: list[dict[str, object]] = [
        {"status": "acknowledged"}, {"status": "triggered"}, {"assignments": [{"assignee": {"id": "PBOB", "summary": "Bob"}}]},
        {"escalation_level": 2}, {"escalation_policy": {"id": "PX", "summary": "leads"}}, {"priority": "P1"},
        {"status": "resolved"}, {"status": "triggered"},
    ]  # fmt: skip
    for change in changes:
        body = {"incident": {"type": "incident_reference", **change}}
        assert (await ask(rest, "PUT", f"/incidents/{incident.id}", json=body)).status_code == 200
    await receiver.until(lambda: len(receiver.taken) == len(changes))
    assert [kind.partition(".")[2] for kind in receiver.kinds] == [
        "acknowledged", "unacknowledged", "reassigned", "escalated", "delegated", "priority_updated", "resolved", "reopened"
    ]  # fmt: skip
    assert {one.event["agent"]["summary"] for one in receiver.taken} == {"Alice Moreau"}
    assert (incident.priority, incident.policy, incident.status) == ("P1", "leads", "triggered")


@pytest.mark.parametrize(
    "body",
    [
        {"incident": {"type": "incident_reference", "status": "gone"}},
        {"incident": {"status": "resolved"}},
        {"incident": {"type": "incident", "status": "acknowledged", "priority": "P1"}},
    ],
    ids=["no status", "no type", "what is resolved has no priority"],
)
async def test_what_cannot_be_changed_is_refused(
    rest: pdpyras.APISession, events: Events, pagerduty: PagerDutySandbox, body: dict[str, object]
) -> None:
    pagerduty.account.people.append(ALICE)
    await events.trigger("k")
    await events.send("resolve", "k")
    answer = await ask(rest, "PUT", f"/incidents/{pagerduty.incidents[0].id}", json=body)
    assert (answer.status_code, pagerduty.incidents[0].status) == (400, "resolved")

"""The webhooks (v3) of the local PagerDuty: what is said, to whom, how often and in which order."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.inbound.signatures import signed_by_pagerduty
from gateway.sandbox import Fault, FaultKind, PagerDutySandbox
from gateway.sandbox.pagerduty import Incident
from gateway.sandbox.pagerduty.subscriptions import DEFAULT_SECRET, INCIDENT_EVENTS, KINDS, sign
from gateway.sandbox.pagerduty.webhooks import DISABLED_FOR
from tests.sandbox.clients import OTHER_ROUTING_KEY, Events, EventsOf, VendorClock
from tests.support.webhook_receiver import Receiver, receiving

SPECS = Path(__file__).parents[4] / "shared/data/specs"
EXAMPLES, VECTORS = SPECS / "pagerduty/webhook_v3_examples.json", SPECS / "signature_vectors.json"
needs_specs = pytest.mark.skipif(
    not EXAMPLES.exists(), reason="the published examples are not here: ../shared/data/specs"
)
TEXTS = {"escalated": "level 2", "reassigned": "bob", "delegated": "leads", "annotated": "look", "priority_updated": "P1"}  # fmt: skip


@pytest.fixture
async def receiver(pagerduty: PagerDutySandbox) -> AsyncIterator[Receiver]:
    async with receiving() as found:
        pagerduty.webhooks.subscribe(found.url)
        yield found


@pytest.fixture
async def incident(events: Events, pagerduty: PagerDutySandbox, receiver: Receiver) -> Incident:
    await events.trigger("k")
    await receiver.until(lambda: receiver.kinds == ["incident.triggered"])
    return pagerduty.incidents[-1]


async def test_whatever_becomes_of_an_incident_is_said_in_the_order_in_which_it_happened(
    pagerduty: PagerDutySandbox, incident: Incident, receiver: Receiver
) -> None:
    order = ("acknowledged", "unacknowledged", "reassigned", "escalated", "delegated", "annotated", "priority_updated",
             "resolved", "reopened")  # fmt: skip
    for kind in order:
        pagerduty.webhooks.act(incident, kind, "bob", TEXTS.get(kind, ""))
    await receiver.until(lambda: len(receiver.taken) == len(KINDS))
    assert receiver.kinds == [f"incident.{kind}" for kind in ("triggered", *order)]
    assert len({one.event["id"] for one in receiver.taken}) == len(KINDS)
    assert {one.event["agent"]["summary"] for one in receiver.taken[1:]} == {"bob"}
    assert {one.event["client"]["name"] for one in receiver.taken[1:]} == {"PagerDuty"}


async def test_what_an_integration_does_comes_back_to_it_as_its_own(
    events: Events, receiver: Receiver
) -> None:
    payload = {"summary": "x", "source": "y", "severity": "critical"}
    await events.send("trigger", "k", payload=payload, client="alert gateway", client_url="https://g.example")
    await events.send("acknowledge", "k")
    await events.send("resolve", "k")
    await receiver.until(lambda: len(receiver.taken) == 3)
    assert receiver.kinds == ["incident.triggered", "incident.acknowledged", "incident.resolved"]
    assert {one.event["agent"]["type"] for one in receiver.taken} == {"inbound_integration_reference"}
    clients = [one.event["client"] for one in receiver.taken]
    assert clients == [{"name": "alert gateway", "url": "https://g.example"}, None, None]


def missing(example: Any, said: Any, place: str = "") -> list[str]:
    """Return the fields of a published example that what was said has not, or has of another type."""
    if example is None or said is None:
        return []
    if type(example) is not type(said):
        return [f"{place} is a {type(said).__name__}"]
    if isinstance(example, dict):
        lost = [f"{place}.{name}" for name in example if name not in said]
        return lost + [
            name for key in example if key in said for name in missing(example[key], said[key], f"{place}.{key}")
        ]  # fmt: skip
    return []


@needs_specs
async def test_a_webhook_has_the_fields_of_the_published_examples(
    pagerduty: PagerDutySandbox, incident: Incident, receiver: Receiver
) -> None:
    published = json.loads(EXAMPLES.read_bytes())
    assert set(INCIDENT_EVENTS) <= {one["event_type"] for one in published["event_types"]}
    examples = {one["section"]: one["json"] for one in reversed(published["examples"])}
    pagerduty.webhooks.act(incident, "priority_updated", "bob", "P1")
    pagerduty.webhooks.act(incident, "annotated", "bob", "look")
    await receiver.until(lambda: len(receiver.taken) == 3)
    _, changed, note = receiver.taken
    # `reopened_at` stands in the example, and in no other of the same document.
    del examples["Webhook Payload"]["event"]["data"]["reopened_at"]
    assert missing(examples["Webhook Payload"], json.loads(changed.body)) == []
    assert missing(examples["incident_note"], note.event["data"]) == []
    # A note names its incident by PagerDuty's id alone.
    assert note.event["data"]["incident"].keys() == examples["incident_note"]["incident"].keys()


@needs_specs
def test_a_signature_is_the_one_that_pagerdutys_own_library_expects() -> None:
    vector = json.loads(VECTORS.read_bytes())["pagerduty"]
    assert sign(vector["secret"], vector["body"].encode()) == vector["valid"]


async def test_while_a_secret_is_rotated_each_webhook_is_signed_with_both(
    pagerduty: PagerDutySandbox, incident: Incident, receiver: Receiver
) -> None:
    pagerduty.webhooks.subscriptions[0].secrets.insert(0, "next")
    pagerduty.webhooks.act(incident, "acknowledged", "bob")
    await receiver.until(lambda: len(receiver.taken) == 2)
    before, after = (one.headers["x-pagerduty-signature"] for one in receiver.taken)
    body = receiver.taken[-1].body
    assert (before.count("v1="), after.count("v1=")) == (1, 2)
    assert all(signed_by_pagerduty([secret], after, body) for secret in ("next", DEFAULT_SECRET))


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_what_is_not_taken_is_sent_again_under_the_same_id_and_before_what_came_later(
    pagerduty: PagerDutySandbox, incident: Incident, receiver: Receiver, status: int
) -> None:
    receiver.answers += [status, status]
    pagerduty.webhooks.act(incident, "acknowledged", "bob")
    pagerduty.webhooks.act(incident, "resolved", "bob")
    await receiver.until(lambda: len(receiver.taken) == 5)
    assert receiver.kinds[1:] == ["incident.acknowledged"] * 3 + ["incident.resolved"]
    ids = [one.headers["x-webhook-id"] for one in receiver.taken]
    assert (len(set(ids)), len(set(ids[1:4]))) == (3, 1)
    assert {one.headers["x-webhook-subscription"] for one in receiver.taken} == {
        pagerduty.webhooks.subscriptions[0].id
    }


async def test_what_is_refused_for_good_is_dropped_and_the_third_in_a_row_switches_the_subscription_off(
    pagerduty: PagerDutySandbox, incident: Incident, receiver: Receiver, clock: VendorClock
) -> None:
    receiver.answers += [400, 403, 404]
    for _ in range(4):
        pagerduty.webhooks.act(incident, "annotated", "bob", "look")
    subscription = pagerduty.webhooks.subscriptions[0]
    await receiver.until(lambda: subscription.is_disabled(clock()))
    pagerduty.webhooks.act(incident, "acknowledged", "bob")
    assert len(receiver.taken) == 4
    clock.move(DISABLED_FOR.total_seconds())
    pagerduty.webhooks.act(incident, "resolved", "bob")
    await receiver.until(lambda: receiver.kinds[-1] == "incident.resolved")
    assert len(receiver.taken) == 5


async def test_webhooks_can_be_lost_doubled_and_overtaken(
    pagerduty: PagerDutySandbox, incident: Incident, receiver: Receiver
) -> None:
    pagerduty.faults.add(
        Fault(FaultKind.LOST, method="incident.acknowledged", count=1),
        Fault(FaultKind.TWICE, method="incident.resolved", count=1),
        Fault(FaultKind.OVERTAKEN, method="incident.annotated", subject=incident.id, seconds=3600, count=1),
    )
    for kind in ("acknowledged", "annotated", "resolved", "reopened"):
        pagerduty.webhooks.act(incident, kind, "bob", "look")
    await receiver.until(lambda: len(receiver.taken) == 4)
    assert sorted(receiver.kinds[1:]) == ["incident.reopened", "incident.resolved", "incident.resolved"]
    assert len({one.event["id"] for one in receiver.taken}) == 3


async def test_what_is_overtaken_comes_in_the_end(
    pagerduty: PagerDutySandbox, incident: Incident, receiver: Receiver
) -> None:
    pagerduty.faults.add(Fault(FaultKind.OVERTAKEN, seconds=0.01, count=1))
    for kind in ("acknowledged", "resolved"):
        pagerduty.webhooks.act(incident, kind, "bob")
    await receiver.until(lambda: len(receiver.taken) == 3)
    assert set(receiver.kinds[1:]) == {"incident.acknowledged", "incident.resolved"}


async def test_a_fault_of_webhooks_strikes_no_call(events: Events, pagerduty: PagerDutySandbox) -> None:
    pagerduty.faults.add(Fault(FaultKind.LOST))
    await events.trigger("k")
    assert pagerduty.calls[-1].fault is None
    assert len(pagerduty.incidents) == 1


async def test_two_services_with_one_key_each_speak_of_their_own_incident(
    events: Events, events_of: EventsOf, receiver: Receiver
) -> None:
    await events.trigger("k")
    await events_of(OTHER_ROUTING_KEY).trigger("k")
    await events.send("resolve", "k")
    await receiver.until(lambda: len(receiver.taken) == 3)
    assert [one.event["data"]["service"]["summary"] for one in receiver.taken[:2]] == ["payments", "search"]
    assert receiver.taken[2].event["data"]["service"]["summary"] == "payments"

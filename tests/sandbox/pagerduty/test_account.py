"""What the local PagerDuty makes of events: incidents, pages, and what is dropped."""

from __future__ import annotations

import pdpyras
import pytest

from gateway.sandbox import PagerDutySandbox, RateLimit
from tests.sandbox.clients import OTHER_ROUTING_KEY, ROUTING_KEY, Events, EventsOf, VendorClock


async def test_a_routing_key_of_nobody_is_refused(events_of: EventsOf) -> None:
    with pytest.raises(pdpyras.PDHTTPError) as caught:
        await events_of("x" * 32).trigger("k")
    assert caught.value.response.json()["errors"] == ["Invalid routing key"]


async def test_a_trigger_opens_an_incident_and_pages_once(
    events: Events, pagerduty: PagerDutySandbox
) -> None:
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


async def test_without_a_dedup_key_each_trigger_gets_one_of_its_own(
    events: Events, pagerduty: PagerDutySandbox
) -> None:
    assert await events.trigger() != await events.trigger()
    assert len(pagerduty.incidents) == 2


async def test_a_trigger_after_the_resolve_opens_a_new_incident(
    events: Events, pagerduty: PagerDutySandbox
) -> None:
    await events.trigger("k")
    await events.send("resolve", "k")
    await events.trigger("k")
    assert [(one.status, len(one.pages)) for one in pagerduty.incidents] == [
        ("resolved", 1),
        ("triggered", 1),
    ]


async def test_an_acknowledged_incident_stays_so_through_another_trigger(
    events: Events, pagerduty: PagerDutySandbox
) -> None:
    await events.trigger("k")
    await events.send("acknowledge", "k")
    await events.trigger("k")
    assert [one.status for one in pagerduty.incidents] == ["acknowledged"]


@pytest.mark.parametrize("action", ["acknowledge", "resolve"])
async def test_an_end_of_nothing_is_dropped_silently(
    events: Events, pagerduty: PagerDutySandbox, action: str
) -> None:
    assert await events.send(action, "k") == "k"
    assert (pagerduty.incidents, pagerduty.calls[-1].outcome) == ([], "dropped")


async def test_another_routing_key_cannot_end_it(events_of: EventsOf, pagerduty: PagerDutySandbox) -> None:
    await events_of(ROUTING_KEY).trigger("k")
    await events_of(OTHER_ROUTING_KEY).send("resolve", "k")
    assert [one.status for one in pagerduty.incidents] == ["triggered"]


async def test_events_beyond_the_pace_of_a_key_are_refused(clock: VendorClock) -> None:
    async with PagerDutySandbox.start(now=clock, pace=RateLimit(per_second=2, burst=1)) as pagerduty:
        events = Events(pagerduty, ROUTING_KEY)
        await events.trigger("k")
        with pytest.raises(pdpyras.PDHTTPError) as caught:
            await events.trigger("k")
        events.session.close()
    assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (429, "1")

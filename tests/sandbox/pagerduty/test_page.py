"""The page of the local PagerDuty."""

from __future__ import annotations

import httpx

from gateway.sandbox import PagerDutySandbox
from tests.sandbox.clients import Events

HOSTILE = "<script>alert(1)</script>\"' onload=x <javascript:alert(1)|click> {{ 7 * 7 }}"


async def get(url: str) -> str:
    async with httpx.AsyncClient() as browser:
        answer = await browser.get(url)
    assert answer.status_code == 200
    return answer.text


async def test_the_pagerduty_page_shows_an_incident_with_details_and_log(
    events: Events, pagerduty: PagerDutySandbox
) -> None:
    payload = {
        "summary": "checkout is down",
        "source": "node-1",
        "severity": "warning",
        "custom_details": {"pods": ["p1"]},
    }
    links = [{"href": "https://runbook.example/x", "text": "Runbook"}]
    await events.send(
        "trigger", "key-1", payload=payload, links=links, client="gateway", client_url="http://g/"
    )
    await events.send("acknowledge", "key-1")
    page = await get(pagerduty.page_url)
    for shown in (
        "acknowledged",
        "low urgency",
        "payments",
        "checkout is down",
        "Runbook",
        "key-1",
        "p1",
        "paged on call",
    ):
        assert shown in page


async def test_hostile_text_does_nothing_on_the_pagerduty_page(
    events: Events, pagerduty: PagerDutySandbox
) -> None:
    payload = {
        "summary": HOSTILE,
        "source": HOSTILE,
        "severity": "info",
        "custom_details": {HOSTILE: HOSTILE},
    }
    await events.send(
        "trigger", HOSTILE, payload=payload, links=[{"href": "javascript:alert(1)", "text": HOSTILE}]
    )
    await events.send("resolve", HOSTILE, payload=5)
    page = await get(f"{pagerduty.page_url}fragment")
    assert "<script" not in page
    assert 'href="javascript' not in page


async def press(pagerduty: PagerDutySandbox, act: str, **more: str) -> int:
    """Press a button of the newest incident as the page does."""
    form = {"incident": pagerduty.incidents[-1].id, "act": act, "as": "Bob Okafor", **more}
    async with httpx.AsyncClient() as browser:
        return (await browser.post(f"{pagerduty.page_url}_page/act", data=form)).status_code


async def test_a_person_acts_on_the_page_and_stands_in_the_log(
    events: Events, pagerduty: PagerDutySandbox
) -> None:
    await events.trigger("k")
    assert ">Acknowledge<" in await get(pagerduty.page_url)
    assert await press(pagerduty, "acknowledged") == 303
    assert await press(pagerduty, "annotated", **{"text.annotated": "it is the switch"}) == 303
    page = await get(pagerduty.page_url)
    assert "acknowledged by Bob Okafor" in page
    assert "it is the switch" in page
    assert ">Acknowledge<" not in page
    assert ">Un-acknowledge<" in page
    (incident,) = pagerduty.incidents
    assert (incident.status, incident.changed_by) == ("acknowledged", "Bob Okafor")


async def test_what_the_page_no_longer_offers_is_not_done(
    events: Events, pagerduty: PagerDutySandbox
) -> None:
    await events.trigger("k")
    await events.send("resolve", "k")
    assert await press(pagerduty, "acknowledged") == 409
    assert pagerduty.incidents[0].status == "resolved"


async def test_a_page_of_somebody_else_presses_nothing(events: Events, pagerduty: PagerDutySandbox) -> None:
    await events.trigger("k")
    form = {"incident": pagerduty.incidents[0].id, "act": "resolved"}
    async with httpx.AsyncClient(headers={"sec-fetch-site": "cross-site"}) as browser:
        answer = await browser.post(f"{pagerduty.page_url}_page/act", data=form)
    assert (answer.status_code, pagerduty.incidents[0].status) == (409, "triggered")


async def test_the_page_says_where_webhooks_go(pagerduty: PagerDutySandbox) -> None:
    assert "nobody has subscribed" in await get(pagerduty.page_url)
    pagerduty.webhooks.subscribe("http://127.0.0.1:9")
    assert "Webhooks go to http://127.0.0.1:9/webhooks/pagerduty" in await get(pagerduty.page_url)

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

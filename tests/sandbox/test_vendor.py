"""What all local vendors share: pages that say when they are empty."""

from __future__ import annotations

import httpx

from gateway.sandbox import PagerDutySandbox, SlackSandbox


async def get(url: str) -> str:
    async with httpx.AsyncClient() as browser:
        answer = await browser.get(url)
    assert answer.status_code == 200
    return answer.text


async def test_empty_pages_say_so(slack: SlackSandbox, pagerduty: PagerDutySandbox) -> None:
    assert "Nothing was said" in await get(slack.page_url)
    assert "Nobody was woken" in await get(pagerduty.page_url)

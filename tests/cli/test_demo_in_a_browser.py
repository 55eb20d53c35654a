"""The buttons on the pages of the demo's Slack and PagerDuty, clicked in a real browser."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from gateway.cli import demo, demo_scene
from tests.support.browser import Browser, browsing, needed
from tests.support.servers import free_port

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("logging_as_before")]

TAKEN, QUIET = "CheckoutSlow", "BackupLate"


@asynccontextmanager
async def running_demo(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[dict[str, str]]:
    """The demo after its people have answered, without its storm; the addresses that it printed."""
    monkeypatch.setattr(demo_scene, "PORTS", tuple(free_port() for _ in demo_scene.PORTS))
    monkeypatch.setattr(demo, "storm", lambda *_: [])
    lines: list[str] = []
    playing = asyncio.create_task(demo.run_demo(lines.append, then_exit=False, speed=200.0))
    try:
        async with asyncio.timeout(30):
            while not (lines and lines[-1].startswith("demo: ")):
                assert not playing.done(), lines
                await asyncio.sleep(0.05)
        yield {words[0]: words[1] for line in lines if len(words := line.split()) > 1}
    finally:
        playing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await playing


async def acknowledge(page: Browser) -> None:
    await page.sees("alice has it")
    await page.click("Give it back", within=TAKEN)
    await page.click("👀 Acknowledge", within=TAKEN)
    await page.sees("bob has it")


async def silence(page: Browser) -> None:
    await page.click("End the silence", within=QUIET)
    await page.click("Silence…", within=QUIET)
    await page.click("custom…", within=QUIET)
    await page.sees("It hides 1 of")
    await page.click("", "input[name='value.reason']")
    await page.type("<b>the tapes</b> are changed")
    await page.click("Silence", ".modal button")
    await page.no_longer_sees("It hides 1 of")
    await page.sees("by bob)")
    await page.sees("<b>the tapes</b> are changed")


async def label(page: Browser) -> None:
    await page.click("👎 Noise…", within=TAKEN)
    await page.click("too sensitive", within=TAKEN)
    await page.sees("Noted: noise. Thank you.")


async def test_a_person_acknowledges_silences_and_labels_by_clicking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed()
    async with running_demo(monkeypatch) as addresses, browsing(tmp_path / "profile") as page:
        await page.open(f"{addresses['Slack']}?as=U0BOB")
        await acknowledge(page)
        await silence(page)
        await label(page)
        assert page.troubles == []
        api = addresses["Gateway"].removesuffix("incidents")
        async with httpx.AsyncClient(trust_env=False) as client:
            silences = (await client.get(f"{api}silences")).json()["items"]
            labels = (await client.get(f"{api}statistics")).json()["total"]["labels"]
        assert "<b>the tapes</b> are changed" in [one["reason"] for one in silences]
        assert labels["noise_reasons"]["too sensitive"] == 1


async def test_a_person_who_acts_on_pagerdutys_page_is_seen_in_slack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed()
    async with running_demo(monkeypatch) as addresses, browsing(tmp_path / "profile") as page:
        there, chat = f"{addresses['PagerDuty']}?as=Bob+Okafor", addresses["Slack"]
        await page.open(there)
        await page.click("Un-acknowledge", within=TAKEN)
        await page.click("Acknowledge", within=TAKEN)
        await page.sees("acknowledged by Bob Okafor")
        await page.open(chat)
        await page.sees("Bob Okafor has it")
        await page.open(there)
        await page.click("More", within=TAKEN)
        await page.click("", "article:has(details[open]) input[name='text.annotated']")
        await page.type("alert: noise, wrong owner")
        await page.click("Add note")
        await page.click("Resolve", within=TAKEN)
        await page.sees("resolved by Bob Okafor")
        await page.open(chat)
        await page.sees("Closed by hand")
        assert page.troubles == []
        api = addresses["Gateway"].removesuffix("incidents")
        async with httpx.AsyncClient(trust_env=False) as client:
            labels = (await client.get(f"{api}statistics")).json()["total"]["labels"]
        assert labels["noise_reasons"]["wrong owner"] == 1

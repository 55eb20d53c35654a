"""An end that the local PagerDuty has taken and not carried out is sent again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from gateway.model.ledger import NotifiedState
from gateway.sandbox import Fault, FaultKind
from gateway.sandbox.pagerduty import DEFAULT_API_TOKEN, Window
from tests.support.pagerduty_reading import Reading, paged
from tests.support.processes import alert
from tests.support.running_gateway import Running, Starter


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A round is due as soon as the one before is over, and what is not there yet is lost."""
    monkeypatch.setattr("gateway.decisions.missed_news.SHORTEST_WAIT", 0)
    monkeypatch.setattr("gateway.decisions.losses.LOST_AFTER", 0)
    monkeypatch.setattr("gateway.decisions.losses.AFTER_WINDOW", 0)


@pytest.fixture
async def reading(app: Running) -> AsyncIterator[Reading]:
    async with paged(app) as found:
        yield found


async def ended_within(reading: Reading, seconds: float) -> Window:
    """End the alert within a maintenance window that lasts for so long."""
    now = datetime.now(UTC)
    window = Window(reading.page.service, now - timedelta(hours=1), now + timedelta(seconds=seconds))
    reading.app.pagerduty.account.windows.append(window)
    ended = alert("pay", starts="2026-11-23T10:00:00Z", ends="2026-11-23T10:05:00Z")
    assert (await reading.app.webhook(ended)).status_code == 200
    await reading.app.until(lambda: ends_of(reading) == 1)
    while (await reading.ledger("pager")).last_notified.state is not NotifiedState.ENDED:
        await asyncio.sleep(0.02)
    return window


def ends_of(reading: Reading) -> int:
    return sum("resolve" in call.methods for call in reading.app.pagerduty.calls)


async def test_an_end_within_a_maintenance_window_is_sent_again_after_it(reading: Reading) -> None:
    window = await ended_within(reading, 2.5)
    assert reading.page.status == "triggered"
    await reading.reader.look()
    await reading.app.until(lambda: reading.page.status == "resolved")
    assert datetime.now(UTC) >= window.end
    assert ends_of(reading) == 2
    whole = (await reading.app.ask(f"/api/v1/incidents/{(await reading.incident()).id}")).json()
    assert "end_lost" in {line["what"] for line in whole["timeline"]}


async def test_where_the_windows_may_not_be_read_the_end_is_sent_at_once(reading: Reading) -> None:
    reading.app.pagerduty.faults.add(Fault(FaultKind.ERROR, method="maintenance_windows", error="Forbidden"))
    await ended_within(reading, 3600)
    await reading.reader.look()
    await reading.app.until(lambda: ends_of(reading) == 2)
    reading.app.pagerduty.account.windows.clear()
    while reading.page.status != "resolved":
        await reading.reader.look()


async def test_what_a_person_has_opened_again_there_is_not_ended_once_more(reading: Reading) -> None:
    await ended_within(reading, 3600)
    reading.app.pagerduty.webhooks.act(reading.page, "reopened", "eve")
    await reading.reader.look()
    assert "maintenance_windows" not in {call.method for call in reading.questions}


async def test_after_a_trigger_that_nobody_answered_the_end_waits_until_the_page_is_shown(
    starter: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Never: a full hour of the loop's clock may come while the test runs.
    monkeypatch.setattr("gateway.actions.pagerduty_reader.LOOK_SECONDS", 1e9)
    starter.more = {"PAGERDUTY_API_TOKEN": DEFAULT_API_TOKEN, "PAGERDUTY_API_URL": starter.pagerduty.api_url}
    starter.pagerduty.faults.add(Fault(FaultKind.CUT_AFTER, method="trigger", count=1))
    async with paged(await starter.start()) as reading:
        ended = alert("pay", starts="2026-11-23T10:00:00Z", ends="2026-11-23T10:05:00Z")
        assert (await reading.app.webhook(ended)).status_code == 200
        while (await reading.ledger("chat")).last_notified.state is not NotifiedState.ENDED:
            await reading.pause()
        assert ends_of(reading) == 0
        await reading.reader.look()
        await reading.app.until(lambda: reading.page.status == "resolved")
        assert len(reading.app.pagerduty.incidents) == 1

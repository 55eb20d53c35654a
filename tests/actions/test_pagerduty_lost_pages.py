"""A page that fell into a maintenance window of the local PagerDuty is sent again after it, and calls somebody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.sandbox import Fault, FaultKind, PagerDutySandbox, SlackSandbox
from gateway.sandbox.pagerduty import Window
from tests.support.pagerduty_reading import Reading, reader_over
from tests.support.pages import answers_written
from tests.support.processes import ROUTING_KEY, alert
from tests.support.running_gateway import RULES, Running, Starter

SERVICE = "PAYMENTS"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A round is due as soon as the one before is over, and a window is over when it says so."""
    monkeypatch.setattr("gateway.decisions.missed_news.SHORTEST_WAIT", 0)
    monkeypatch.setattr("gateway.decisions.losses.AFTER_WINDOW", 0)


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Running]:
    """A gateway whose rules name the service."""
    named = RULES.replace(
        "{env: PAGERDUTY_ROUTING_KEY}", f"{{env: PAGERDUTY_ROUTING_KEY}}, service: {SERVICE}"
    )
    (tmp_path / "rules.yaml").write_text(named, "utf-8")
    async with (
        SlackSandbox.start(channels=["alerts"]) as slack,
        PagerDutySandbox.start(services={ROUTING_KEY: SERVICE}) as pagerduty,
        AsyncExitStack() as stack,
    ):
        yield await Starter(tmp_path, slack, pagerduty, stack).start()


@pytest.fixture
async def reading(app: Running) -> AsyncIterator[Reading]:
    found = reader_over(app)
    yield found
    await found.aclose()


async def paged_in_a_window(reading: Reading) -> None:
    """Page within a maintenance window that lasts for an hour yet."""
    window_until(reading, datetime.now(UTC) + timedelta(hours=1))
    firing = alert("pay", starts="2026-11-23T10:00:00Z")
    assert (await reading.app.webhook(firing)).status_code == 200
    await reading.app.until(lambda: triggers(reading) and reading.app.slack.messages("alerts"))
    await answers_written(reading.app.gateway.shards)
    # The event that leads to the message in Slack is on its way, too.
    while not (await reading.ledger("pager")).last_notified.message_link:
        await asyncio.sleep(0.02)
    assert reading.app.pagerduty.incidents == []


def window_until(reading: Reading, end: datetime) -> None:
    """There is one window, which ends then."""
    begin = datetime.now(UTC) - timedelta(hours=1)
    reading.app.pagerduty.account.windows[:] = [Window(SERVICE, begin, end)]


def triggers(reading: Reading) -> int:
    return sum("trigger" in call.methods for call in reading.app.pagerduty.calls)


async def timeline(reading: Reading) -> list[str]:
    incident = (await reading.incident()).id
    whole = (await reading.app.ask(f"/api/v1/incidents/{incident}")).json()
    return [line["what"] for line in whole["timeline"]]


async def test_a_page_within_a_maintenance_window_is_sent_again_after_it_and_rings_once(
    reading: Reading,
) -> None:
    await paged_in_a_window(reading)
    before = triggers(reading)
    for _ in range(3):  # it is said once, however often somebody looks
        await reading.reader.look()
    assert (await timeline(reading)).count("page_lost") == 1
    assert triggers(reading) == before
    soon = datetime.now(UTC) + timedelta(seconds=1)
    window_until(reading, soon)
    await reading.reader.look()
    await reading.app.until(lambda: reading.app.pagerduty.incidents)
    assert reading.page.opened_at >= soon
    assert len(reading.page.pages) == 1
    assert "in maintenance until" in str(reading.page.first)
    while (await reading.ledger("pager")).lost_until is not None:
        await reading.pause()
    await reading.reader.look()
    # The call that rang nobody, and the one that did, which PagerDuty shows.
    assert await reading.confirmed() == (2, 1)
    assert (await timeline(reading)).count("page_lost") == 1


async def test_a_window_that_somebody_ends_before_its_time_is_over(reading: Reading) -> None:
    await paged_in_a_window(reading)
    await reading.reader.look()
    assert (await reading.ledger("pager")).lost_until is not None
    reading.app.pagerduty.account.windows.clear()
    await reading.reader.look()
    await reading.app.until(lambda: reading.app.pagerduty.incidents)


async def test_a_window_that_was_over_before_anybody_looked_is_found_among_those_that_are_past(
    reading: Reading,
) -> None:
    await paged_in_a_window(reading)
    window_until(reading, datetime.now(UTC))
    await reading.reader.look()
    await reading.app.until(lambda: reading.app.pagerduty.incidents)


async def test_what_has_ended_within_the_window_is_not_sent_again(reading: Reading) -> None:
    await paged_in_a_window(reading)
    await reading.reader.look()
    ended = alert("pay", starts="2026-11-23T10:00:00Z", ends="2026-11-23T10:05:00Z")
    assert (await reading.app.webhook(ended)).status_code == 200
    await reading.app.until(lambda: any("resolve" in call.methods for call in reading.app.pagerduty.calls))
    while (await reading.ledger("pager")).lost_until is not None:
        await reading.pause()
    assert (await reading.ledger("pager")).repeat_at is None


async def test_where_the_windows_may_not_be_read_nothing_is_sent_again(reading: Reading) -> None:
    reading.app.pagerduty.faults.add(Fault(FaultKind.ERROR, method="maintenance_windows", error="Forbidden"))
    await paged_in_a_window(reading)
    await reading.reader.look()
    assert (await reading.ledger("pager")).lost_until is None


async def test_a_page_that_is_there_after_all_is_not_sent_again(reading: Reading) -> None:
    await paged_in_a_window(reading)
    await reading.reader.look()
    lost = await reading.ledger("pager")
    assert lost.message_ref is not None
    # Somebody has ended the window, and news of the page has opened it.
    reading.app.pagerduty.account.windows.clear()
    event = {"event_action": "trigger", "routing_key": ROUTING_KEY, "dedup_key": lost.message_ref.id}
    account = reading.app.pagerduty.account
    account.apply({**event, "payload": {"summary": "x"}}, SERVICE, datetime.now(UTC))
    before = triggers(reading)
    await reading.reader.look()
    assert (await reading.ledger("pager")).lost_until is None
    assert triggers(reading) == before

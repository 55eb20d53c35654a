"""Whom calls reached in the local PagerDuty, and who was on call there, stands in the statistics by pseudonym."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from gateway.model.people import plain_name
from gateway.model.statistics.events import OnCall, PersonCalled
from gateway.sandbox import Fault, FaultKind
from gateway.sandbox.pagerduty import Person, Shift
from gateway.state.statistics import read_events
from tests.support.pagerduty_reading import Reading, paged
from tests.support.running_gateway import RULES, Running, Starter


@pytest.fixture(autouse=True)
def always_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """A round is due as soon as the one before is over."""
    monkeypatch.setattr("gateway.decisions.missed_news.SHORTEST_WAIT", 0)


@pytest.fixture
async def reading(app: Running) -> AsyncIterator[Reading]:
    async with paged(app) as found:
        yield found


def who(name: str) -> str:
    return f"pseudonym of person of the statistics: {plain_name(name)}"


async def called(reading: Reading) -> list[tuple[str, str, str, bool]]:
    events = await read_events(reading.app.gateway.shards)
    found = [event for event in events if isinstance(event, PersonCalled)]
    assert {event.call.partition("|")[0] for event in found} <= {reading.page.dedup_key.partition(".")[0]}
    return sorted((event.person, event.basis, event.zone, event.zone_assumed) for event in found)


async def test_who_is_assigned_and_who_was_notified_was_called_by_their_own_clock(reading: Reading) -> None:
    first = reading.page.pages[0].to
    reading.app.pagerduty.account.people += [Person(first, time_zone="Asia/Kathmandu")]
    await reading.reader.look()
    zone = ("Asia/Kathmandu", False)
    assert await called(reading) == [(who(first), "assigned", *zone), (who(first), "notified", *zone)]
    reading.app.pagerduty.webhooks.act(reading.page, "escalated", "", "Carol Danvers")
    await reading.reader.look()
    assert (who("Carol Danvers"), "assigned") in {found[:2] for found in await called(reading)}
    assert len(await called(reading)) == 3


async def test_a_person_without_a_time_zone_is_called_by_utc_and_that_is_said(reading: Reading) -> None:
    await reading.reader.look()
    assert {found[2:] for found in await called(reading)} == {("UTC", True)}
    asked = [call.method for call in reading.questions]
    await reading.reader.look()
    assert [call.method for call in reading.questions][len(asked) :] == [
        "incidents"
    ]  # nothing is asked again


async def test_a_person_of_whom_pagerduty_knows_no_zone_is_called_by_the_clock_in_slack(
    reading: Reading,
) -> None:
    first = reading.page.pages[0].to
    reading.app.pagerduty.account.people += [Person(first, "chen@example.org")]
    reading.app.slack.workspace.zones["U0CHEN"] = "Asia/Kathmandu"
    await reading.reader.look()
    assert {found[2:] for found in await called(reading)} == {("Asia/Kathmandu", False)}


async def test_who_was_called_and_is_on_call_is_the_person_in_slack_with_the_same_address(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.decisions.whom_calls_reached.SHIFTS_EVERY", 0)
    first = reading.page.pages[0].to
    reading.app.pagerduty.account.people += [Person(first, "chen@example.org")]
    reading.app.pagerduty.account.shifts += [Shift(first)]
    await reading.reader.look()
    await reading.reader.look()
    events = await read_events(reading.app.gateway.shards)
    found = {event.person for event in events if isinstance(event, PersonCalled | OnCall)}
    assert found == {who("chen")}


ALWAYS = """
time_intervals:
  - {name: always, time_intervals: [{location: Asia/Kathmandu}]}
"""


async def test_a_person_whom_nobody_knows_a_zone_of_is_called_by_that_of_the_shift(starter: Starter) -> None:
    rules = RULES.replace("page: [pager]", "shifts: [{during: [always], page: [pager]}]")
    (starter.folder / "rules.yaml").write_text(f"{rules}{ALWAYS}", "utf-8")
    async with paged(await starter.start()) as reading:
        await reading.reader.look()
        assert {found[2:] for found in await called(reading)} == {("Asia/Kathmandu", False)}


async def test_where_the_token_may_not_read_the_log_people_are_assigned(reading: Reading) -> None:
    refused = Fault(FaultKind.ERROR, method="log_entries", error="Forbidden")
    reading.app.pagerduty.faults.add(refused)
    await reading.reader.look()
    assert {found[1] for found in await called(reading)} == {"assigned"}


async def test_the_report_has_the_load_of_those_who_were_called(starter: Starter) -> None:
    (starter.folder / "rules.yaml").write_text(f"{RULES}precision: {{persons: all}}\n", "utf-8")
    async with paged(await starter.start()) as reading:
        before = (await reading.app.ask("/api/v1/statistics")).json()["total"]["load"]
        await reading.reader.look()
        load = (await reading.app.ask("/api/v1/statistics")).json()["total"]["load"]
    assert (before["persons"], before["because"]["basis"]) == ("unavailable", "persons_unavailable")
    assert (load["persons"], load["basis"], sum(load["by_hour"])) == ("shown", "notified", 1)


async def test_shifts_are_written_afterwards_once_and_as_they_were(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.decisions.whom_calls_reached.SHIFTS_EVERY", 0)
    account, now = reading.app.pagerduty.account, datetime.now(UTC)
    account.shifts += [
        Shift("ann"),
        Shift("bob", 2),
        Shift("eve", 1, now - timedelta(days=2), now - timedelta(days=1)),
    ]
    for _ in range(3):
        await reading.reader.look()
    events = await read_events(reading.app.gateway.shards)
    shifts = [event for event in events if isinstance(event, OnCall)]
    assert {(shift.person, shift.level) for shift in shifts} == {(who("ann"), 1), (who("bob"), 2)}
    mine = sorted((shift for shift in shifts if shift.level == 1), key=lambda shift: shift.from_)
    assert len(mine) == 2
    assert mine[0].until == mine[1].from_  # from round to round, without a gap


async def test_where_the_rules_want_no_persons_nothing_is_asked_and_nothing_written(starter: Starter) -> None:
    (starter.folder / "rules.yaml").write_text(f"{RULES}precision: {{persons: off}}\n", "utf-8")
    async with paged(await starter.start()) as reading:
        await reading.reader.look()
        assert await called(reading) == []
        assert {call.method for call in reading.questions} == {"incidents", "change_events"}

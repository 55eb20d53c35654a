"""What people do in PagerDuty meets what they do elsewhere, and its webhooks come when they come."""

from __future__ import annotations

import pytest

from gateway.model.durations import MINUTE
from tests.support.both_ways import BothWays
from tests.support.build import seen


@pytest.fixture
async def ways() -> BothWays:
    found = BothWays()
    await found.begin()
    return found


async def heard(ways: BothWays) -> None:
    """Deliver the webhooks that wait."""
    bodies, ways.pager.people.waiting[:] = [*ways.pager.people.waiting], []
    for body in bodies:
        await ways.hear(body)
    await ways.world.until(ways.world.at + MINUTE)


async def test_what_a_person_reopened_after_a_close_elsewhere_is_resolved_with_the_end(
    ways: BothWays,
) -> None:
    await ways.press("resolve")
    await heard(ways)
    ways.pager.people.act(ways.pager.account.incidents[-1], "reopened", "eve")
    await heard(ways)
    assert [page.status for page in ways.pager.open] == ["triggered"]
    await ways.world.webhook(seen(service="db", ends=ways.world.at))
    await ways.world.until(ways.world.at + 10 * MINUTE)
    assert ways.pager.open == []


@pytest.mark.parametrize("quiet", ["silence 4h", "snooze 4h"])
async def test_what_is_kept_quiet_here_and_given_back_there_is_acknowledged_once_more(
    ways: BothWays, quiet: str
) -> None:
    await ways.press(*quiet.split())
    await heard(ways)
    ways.pager.people.act(ways.pager.account.incidents[-1], "unacknowledged", "eve")
    await heard(ways)
    assert [page.status for page in ways.pager.open] == ["acknowledged"]


async def test_what_was_resolved_there_before_we_opened_it_anew_is_resolved_again(ways: BothWays) -> None:
    ways.pager.people.act(ways.pager.account.incidents[-1], "resolved", "eve")
    await ways.world.until(ways.world.at + MINUTE)
    await ways.api("acknowledge", "ann")  # nobody here knows yet, so PagerDuty opens another
    assert len(ways.pager.open) == 1
    await heard(ways)
    assert ways.incident.closed is not None
    assert ways.pager.open == []


async def test_a_reopening_that_is_heard_after_a_later_close_changes_nothing(ways: BothWays) -> None:
    await ways.press("resolve")
    await heard(ways)
    await ways.reader.look()
    await ways.world.until(ways.world.at + 2 * MINUTE)
    ways.pager.people.act(ways.pager.account.incidents[-1], "reopened", "eve")
    late = ways.pager.people.waiting.pop()
    await ways.reader.look()
    await ways.world.until(ways.world.at + MINUTE)
    assert ways.incident.closed is None
    await ways.api("close", "ann")
    await ways.world.until(ways.world.at + MINUTE)
    await ways.hear(late)
    assert ways.incident.closed is not None
    assert ways.pager.open == []


async def test_what_was_read_and_is_brought_later_is_heard_once(ways: BothWays) -> None:
    await ways.api("acknowledge", "ann")
    await heard(ways)
    await ways.reader.look()
    await ways.world.until(ways.world.at + MINUTE + 300)
    ways.pager.people.act(ways.pager.account.incidents[-1], "unacknowledged", "eve")
    late = ways.pager.people.waiting.pop()
    await ways.world.until(ways.world.at + MINUTE)
    await ways.reader.look()
    await ways.world.until(ways.world.at + MINUTE)
    assert ways.incident.acknowledged is None
    await ways.press("acknowledge", who="U0BOB")
    await ways.hear(late)
    assert ways.incident.acknowledged is not None
    assert ways.incident.acknowledged.by == "bob"

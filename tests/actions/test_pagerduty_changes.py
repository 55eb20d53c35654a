"""What the local PagerDuty knows of changes to a service stands on the timelines of the incidents there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from gateway.sandbox import Fault, FaultKind
from gateway.sandbox.pagerduty import Change
from gateway.sandbox.pagerduty.rest import service
from tests.support.pagerduty_reading import Reading, paged
from tests.support.running_gateway import Running


@pytest.fixture(autouse=True)
def always_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """A round is due as soon as the one before is over, and so are the changes of each service."""
    monkeypatch.setattr("gateway.decisions.missed_news.SHORTEST_WAIT", 0)
    monkeypatch.setattr("gateway.actions.pagerduty_changes.READ_EVERY", 0)


@pytest.fixture
async def reading(app: Running) -> AsyncIterator[Reading]:
    async with paged(app) as found:
        yield found


def changed(reading: Reading, summary: str, minutes: int, **more: str) -> None:
    at = datetime.now(UTC) - timedelta(minutes=minutes)
    name = str(service(reading.page)["id"])
    reading.app.pagerduty.account.changes.append(Change(more.pop("service", name), at, summary, **more))


async def changes_of(reading: Reading) -> list[dict[str, object]]:
    whole = (await reading.app.ask(f"/api/v1/incidents/{(await reading.incident()).id}")).json()
    return [line["detail"] for line in whole["timeline"] if line["what"] == "pagerduty_change"]


async def test_a_change_of_the_hour_before_stands_on_the_timeline_once(reading: Reading) -> None:
    changed(reading, "cart 2.1 deployed", 10, link="https://ci.example/7")
    changed(reading, "an old one", 90)
    changed(reading, "of another service", 10, service="POTHER")
    changed(reading, "with a link to nowhere", 5, link="javascript:alert(1)")
    for _ in range(2):
        await reading.reader.look()
    found = {line["summary"]: line for line in await changes_of(reading)}
    assert found.keys() == {"cart 2.1 deployed", "with a link to nowhere"}
    assert len(await changes_of(reading)) == 2
    assert (found["cart 2.1 deployed"]["source"], found["cart 2.1 deployed"]["link"]) == (
        "ci",
        "https://ci.example/7",
    )
    assert "link" not in found["with a link to nowhere"]
    changed(reading, "cart 2.2 deployed", 0)
    await reading.reader.look()
    assert len(await changes_of(reading)) == 3


async def test_where_changes_may_not_be_read_the_rest_is(reading: Reading) -> None:
    reading.app.pagerduty.faults.add(Fault(FaultKind.ERROR, method="change_events", error="Forbidden"))
    changed(reading, "cart 2.1 deployed", 10)
    reading.act("acknowledged")
    await reading.reader.look()
    assert await changes_of(reading) == []
    assert (await reading.incident()).acknowledged is not None

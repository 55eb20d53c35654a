"""What happens in the local PagerDuty and no webhook brings is read there, once a minute over all replicas."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from gateway.actions import pagerduty_round
from gateway.actions.pagerduty_round import ASKS_FOR, LOOKS, MOST_REQUESTS
from gateway.model.changes import Table
from gateway.model.records import load_incident
from gateway.outbound.pagerduty.rest import Params, Read
from gateway.outbound.pagerduty.webhook import read_webhook
from gateway.sandbox import Fault, FaultKind
from gateway.sandbox.pagerduty import DEFAULT_API_TOKEN
from gateway.state.paging import pages
from tests.support.pagerduty_reading import Reading, paged, reader_over
from tests.support.processes import alert
from tests.support.running_gateway import Running, Starter


@pytest.fixture(autouse=True)
def always_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """A round is due as soon as the one before is over."""
    monkeypatch.setattr("gateway.decisions.missed_news.SHORTEST_WAIT", 0)


@pytest.fixture
async def reading(app: Running) -> AsyncIterator[Reading]:
    async with paged(app) as found:
        yield found


async def test_a_page_that_is_there_is_confirmed_once(reading: Reading) -> None:
    assert await reading.confirmed() == (1, 0)  # a 202 proves nothing
    await reading.reader.look()
    await reading.reader.look()
    assert await reading.confirmed() == (1, 1)


async def test_a_page_that_was_only_taken_is_not_confirmed(reading: Reading) -> None:
    reading.app.pagerduty.incidents.clear()
    for _ in range(4):
        await reading.reader.look()
    assert await reading.confirmed() == (1, 0)
    # It is asked for by itself, once more after the update that names the message in Slack, and not each minute.
    assert 1 <= sum("incident_key" in call.arguments for call in reading.questions) <= 2


async def test_who_acknowledged_has_it_here_though_no_webhook_came_and_is_heard_once(
    reading: Reading,
) -> None:
    reading.act("acknowledged")
    await reading.reader.look()
    incident = await reading.incident()
    assert incident.acknowledged is not None
    assert (incident.acknowledged.by, incident.acknowledged.heard_from) == ("bob", "pager")
    await reading.reader.look()
    assert (await reading.incident()).revision == incident.revision
    await reading.app.until(lambda: "bob" in json.dumps(reading.app.slack.messages("alerts")[-1].blocks))
    assert not any("acknowledge" in call.methods for call in reading.app.pagerduty.calls)


async def test_an_acknowledgement_that_runs_out_is_nobodys_here(reading: Reading) -> None:
    reading.act("acknowledged")
    await reading.reader.look()
    reading.act("unacknowledged", "")
    await reading.reader.look()
    assert (await reading.incident()).acknowledged is None


async def test_who_resolves_there_closes_it_here_and_who_opens_it_again_opens_it_here(
    reading: Reading,
) -> None:
    await reading.reader.look()
    reading.act("resolved")
    await reading.reader.look()
    closed = (await reading.incident()).closed
    assert closed is not None
    assert closed.by == "bob"
    reading.act("reopened", "eve")
    await reading.reader.look()
    assert (await reading.incident()).closed is None
    assert len(reading.app.pagerduty.incidents) == 1


async def test_what_a_webhook_has_brought_is_no_news(reading: Reading) -> None:
    webhooks = reading.app.pagerduty.webhooks
    reading.act("acknowledged")
    body = json.loads(
        webhooks.body(
            reading.page, "acknowledged", {"id": "PBOB", "summary": "bob", "type": "user_reference"}
        )
    )
    event = read_webhook(body)
    assert event is not None
    await reading.desk.hear(event)
    revision = (await reading.incident()).revision
    await reading.reader.look()
    assert (await reading.incident()).revision == revision


async def test_no_round_asks_more_than_it_may_and_the_others_have_their_turn(reading: Reading) -> None:
    many = [alert(f"service-{number}", starts="2026-11-23T10:00:00Z") for number in range(40)]
    assert (await reading.app.webhook(*many)).status_code == 200
    await reading.app.until(lambda: len(reading.app.pagerduty.incidents) == 41)
    await reading.app.until(lambda: reading.app.pagerduty.calls)
    reading.app.pagerduty.incidents.clear()
    await reading.reader.look()
    first = {str(call.arguments.get("incident_key")) for call in reading.questions}
    assert len([call for call in reading.questions if "incidents" in call.methods]) == LOOKS
    assert len(reading.questions) <= MOST_REQUESTS
    await reading.reader.look()
    both = {str(call.arguments.get("incident_key")) for call in reading.questions}
    assert len(both) > len(first)


async def test_what_a_slow_vendor_shows_is_handed_on_before_the_next_round(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [alert(f"service-{number}", starts="2026-11-23T10:00:00Z") for number in range(40)]
    assert (await reading.app.webhook(*many)).status_code == 200
    await reading.app.until(lambda: len(reading.app.pagerduty.incidents) == 41)
    reading.app.pagerduty.incidents[:] = reading.app.pagerduty.incidents[:1]
    reading.act("acknowledged")
    now, begun, get = 0, list[int](), reading.rest.get

    async def slow(path: str, params: Params | None = None) -> Read:
        nonlocal now
        # Who people are is asked beside the round, five at most.
        begun.extend([] if path.startswith("/users/") else [now])
        now += 3_000
        return await get(path, params)

    monkeypatch.setattr(pagerduty_round, "elapsed_ms", lambda: now)
    monkeypatch.setattr(reading.rest, "get", slow)
    await reading.reader.look()
    assert max(begun) < ASKS_FOR
    async for rows in pages(reading.app.gateway.shards, Table.INCIDENTS):
        taken = [
            found.acknowledged for row in rows.values() if (found := load_incident(row.value)).acknowledged
        ]
    assert [who.by for who in taken if who is not None] == ["bob"]


async def test_a_replica_asks_only_where_no_other_has_this_minute(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.decisions.missed_news.SHORTEST_WAIT", 60_000)
    other = reader_over(reading.app)
    await reading.reader.look()
    asked = len(reading.questions)
    assert asked
    await other.reader.look()
    await reading.reader.look()
    assert len(reading.questions) == asked
    await other.aclose()


async def test_after_a_429_nobody_asks_before_its_time(reading: Reading) -> None:
    reading.app.pagerduty.faults.add(Fault(FaultKind.RATE_LIMIT, method="rest", count=1, retry_after=120))
    await reading.reader.look()
    await reading.reader.look()
    assert len(reading.questions) == 1
    assert (
        b'gateway_pagerduty_requests_total{outcome="rate_limited"} 1.0'
        in reading.app.gateway.metrics.render()[0]
    )


async def test_nobody_is_asked_without_a_page(app: Running) -> None:
    reading = reader_over(app)
    await reading.reader.look()
    assert reading.questions == []
    await reading.aclose()


async def test_a_gateway_with_a_token_reads_by_itself(
    starter: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.actions.pagerduty_reader.LOOK_SECONDS", 0.1)
    starter.more = {"PAGERDUTY_API_TOKEN": DEFAULT_API_TOKEN, "PAGERDUTY_API_URL": starter.pagerduty.api_url}
    app = await starter.start()
    await app.told()
    app.pagerduty.webhooks.act(app.pagerduty.incidents[-1], "acknowledged", "bob")
    await app.until(lambda: "bob" in json.dumps(app.slack.messages("alerts")[-1].blocks))

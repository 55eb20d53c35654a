"""What one replica turned away, every replica shows, through restarts and a store that is away."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from gateway.errors import StateUnavailable
from gateway.model.changes import Changes, Committed
from gateway.model.durations import HOUR, MINUTE
from gateway.model.severity import Severity
from gateway.model.turned_away import Sender, TurnedAwayReason
from gateway.self_monitoring.turned_away import TurnedAwayBook
from gateway.state.shards import Shards
from gateway.storage.memory import MemoryStore
from tests.support.build import START
from tests.support.patience import PATIENCE, quickly
from tests.support.processes import alert
from tests.support.running_gateway import Running, Starter

AM = Sender("10.0.0.7", "Alertmanager/0.28.1")
MALFORMED, UNAUTHORIZED = TurnedAwayReason.MALFORMED, TurnedAwayReason.UNAUTHORIZED


class Unreliable(MemoryStore):
    """A store that is away while `away` is set."""

    away = False
    commits = 0

    async def commit(self, changes: Changes) -> Committed:
        if self.away:
            raise StateUnavailable("away")
        self.commits += 1
        return await super().commit(changes)


@dataclass
class Replicas:
    """Several gateways on one store, and what they report."""

    at: int = 0
    store: Unreliable = field(init=False)
    reported: list[Mapping[str, str]] = field(default_factory=list)
    counted: list[tuple[str, str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = Unreliable(lambda: START + self.at)

    def start(self) -> TurnedAwayBook:
        def report(name: str, labels: Mapping[str, str], details: str = "", /) -> None:
            assert (name, bool(details)) == ("GatewayTurnedAway", True)
            self.reported.append(labels)

        return TurnedAwayBook(
            Shards([self.store]), report, lambda *what: self.counted.append(what), lambda _groups: None
        )


async def test_what_one_replica_turned_away_another_shows_and_reports() -> None:
    replicas = Replicas()
    one, other = replicas.start(), replicas.start()
    one.note("eu", MALFORMED, AM, "alerts[].labels: no labels", times=3, severity=Severity.ERROR)
    await one.look()
    await other.look()
    (entry,) = other.entries
    assert (entry.source, entry.reason, entry.times, entry.senders[0].address) == (
        "eu",
        "malformed",
        3,
        "10.0.0.7",
    )
    assert replicas.reported == 2 * [{"source": "eu", "reason": "malformed", "severity": "error"}]
    assert replicas.counted == [("eu", "malformed", 3)]


async def test_what_both_turned_away_is_added_up_and_survives_a_restart() -> None:
    replicas = Replicas()
    one, other = replicas.start(), replicas.start()
    for book in (one, other):
        book.note("eu", MALFORMED, AM, "")
        await book.look()
    after = replicas.start()
    await after.look()
    assert [entry.times for entry in after.entries] == [2]


async def test_a_flood_costs_the_store_one_row_a_look() -> None:
    replicas = Replicas()
    book = replicas.start()
    for number in range(5_000):
        book.note("", UNAUTHORIZED, Sender(f"10.{number % 250}.0.1", ""), "POST /webhooks/alertmanager")
    await book.look()
    assert replicas.store.commits == 1
    assert book.entries[0].times == 5_000
    await book.look()
    assert replicas.store.commits == 1, "nothing is written where nothing happened"


async def test_what_could_not_be_written_is_written_once_the_store_is_back() -> None:
    replicas = Replicas()
    book = replicas.start()
    replicas.store.away = True
    book.note("eu", MALFORMED, AM, "first")
    with pytest.raises(StateUnavailable):
        await book.look()
    book.note("eu", MALFORMED, AM, "second")
    replicas.store.away = False
    await book.look()
    assert [(entry.times, entry.error) for entry in book.entries] == [(2, "second")]


async def test_it_is_reported_for_as_long_as_it_stands() -> None:
    replicas = Replicas()
    book = replicas.start()
    book.note("eu", MALFORMED, AM, "")
    await book.look()
    replicas.at = HOUR - MINUTE
    await book.look()
    assert len(replicas.reported) == 2
    replicas.at = HOUR
    await book.look()
    assert (len(replicas.reported), book.entries) == (2, ())


async def test_strangers_are_reported_once_they_have_gone_on_for_five_minutes_at_any_replica() -> None:
    replicas = Replicas()
    one, other = replicas.start(), replicas.start()
    for minute in range(6):
        replicas.at = minute * MINUTE
        book = (one, other)[minute % 2]
        book.note("", UNAUTHORIZED, AM, "POST /webhooks/alertmanager")
        await book.look()
        assert bool(replicas.reported) is (minute == 5)
    assert replicas.reported == [{"source": "unknown", "reason": "unknown_sender", "severity": "warning"}]


async def test_a_store_that_is_away_ends_nothing_and_what_is_new_is_looked_at_at_once() -> None:
    replicas = Replicas()
    book = replicas.start()
    replicas.store.away = True
    book.note("eu", MALFORMED, AM, "")
    running = asyncio.create_task(book.run())
    await asyncio.sleep(0.01)
    assert not running.done()
    replicas.store.away = False
    book.note("us", MALFORMED, AM, "")
    async with quickly(2):
        while len(book.entries) < 2:
            await asyncio.sleep(0)
    running.cancel()


# In a whole gateway


TOKENS = {"GATEWAY_WEBHOOK_TOKEN": "hook", "GATEWAY_ADMIN_TOKEN": "admin"}
HOOK, ADMIN = ({"authorization": f"Bearer {token}"} for token in ("hook", "admin"))


async def started(starter: Starter) -> Running:
    starter.more = TOKENS
    return await starter.start()


async def worries(app: Running) -> list[str]:
    return list((await app.ask("/health")).json()["worries"])


async def worried(app: Running, words: str) -> list[str]:
    """Wait until a worry holds these words."""
    async with asyncio.timeout(PATIENCE):
        while not (found := [worry for worry in await worries(app) if words in worry]):
            await asyncio.sleep(0.02)
    return found


async def test_a_critical_alert_that_cannot_be_read_pages_with_what_to_do(starter: Starter) -> None:
    app = await started(starter)
    bad = {**alert("pay", starts="2026-11-23T10:00:00Z"), "labels": {}}
    answer = await app.ask("/webhooks/alertmanager", "POST", json={"alerts": [bad]}, headers=HOOK)
    assert answer.json()["quarantined"] == 1
    await app.until(lambda: app.pagerduty.incidents and app.slack.messages("alerts"))
    (message,) = app.slack.messages("alerts")
    assert "GatewayTurnedAway" in message.text
    assert "Source default sends alerts that cannot be read" in message.text
    assert "gateway quarantine" in message.text
    (worry,) = await worried(app, "sends alerts that cannot be read")
    assert worry.startswith("Source default sends alerts that cannot be read: 1 since ")
    (item,) = (await app.ask("/api/v1/turned-away", headers=ADMIN)).json()["items"]
    assert (item["source"], item["reason"], item["times"]) == ("default", "malformed", 1)
    assert item["senders"][0]["user_agent"].startswith("python-httpx")
    assert item["senders"][0]["user_agent"] not in str(await worries(app)), "everybody may read /health"
    metrics = (await app.ask("/metrics")).text
    assert 'gateway_turned_away_total{reason="malformed",source="default"} 1.0' in metrics


async def test_a_stranger_is_a_worry_and_no_alert(starter: Starter) -> None:
    app = await started(starter)
    assert (await app.ask("/webhooks/alertmanager", "POST", json={})).status_code == 401
    assert (await app.ask("/webhook", "POST", json={})).status_code == 404
    (no_token,) = await worried(app, "401")
    assert "GATEWAY_WEBHOOK_TOKEN" in no_token
    (no_path,) = await worried(app, "404")
    assert "POST to /webhooks/alertmanager" in no_path
    assert not app.slack.messages("alerts")
    assert 'gateway_webhooks_total{reason="not_found",status="404"} 1.0' in (await app.ask("/metrics")).text


async def test_a_body_over_the_cap_and_one_that_is_no_webhook_are_told_with_their_remedies(
    starter: Starter,
) -> None:
    starter.more = {**TOKENS, "GATEWAY_MAX_BODY": "2000"}
    app = await starter.start()
    large = await app.ask("/webhooks/alertmanager", "POST", content=b"x" * 2_001, headers=HOOK)
    other = await app.ask("/webhooks/alertmanager", "POST", json={"text": "hello"}, headers=HOOK)
    assert (large.status_code, other.status_code) == (413, 400)
    assert "set max_alerts" in (await worried(app, "413"))[0]
    assert "docs/webhooks.md" in (await worried(app, "400"))[0]
    await app.until(
        lambda: len(app.pagerduty.incidents) == 1,
    )

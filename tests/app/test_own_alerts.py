"""The gateway's own alerts: raised once whoever says so, ended by whoever sees that all is well, in one row of the store."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.decisions.correlate import Correlator
from gateway.intake import Intake
from gateway.model.alert import Alert
from gateway.model.changes import Table
from gateway.model.records import load_alert
from gateway.model.rulebook import MINUTE, SECOND
from gateway.own_alerts import STANDS, OwnAlerts
from gateway.storage.memory import MemoryStore
from tests.support.build import START, rulebook

CHAT = {"destination": "chat", "gateway_destination": "chat"}


@dataclass
class Replicas:
    """Several gateways on one store."""

    at: int = 0
    store: MemoryStore = field(init=False)

    def __post_init__(self) -> None:
        self.store = MemoryStore(lambda: START + self.at)

    def start(self) -> OwnAlerts:
        intake = Intake(self.store, Correlator(rulebook()), woken=lambda: None, taken=lambda *_: None)
        return OwnAlerts(intake, self.store)

    def firing(self) -> list[str]:
        alerts: list[Alert] = [load_alert(row.value) for row in self.store.rows[Table.ALERTS].values()]
        return [alert.labels["alertname"] for alert in alerts if alert.firing]


async def test_what_fails_again_and_again_is_one_alert() -> None:
    replicas = Replicas()
    own = replicas.start()
    for _ in range(20):
        own.report("GatewayDeliveryFailing", CHAT, True)
        await own.look()
        replicas.at += 10 * SECOND
    assert replicas.firing() == ["GatewayDeliveryFailing"]
    assert replicas.store.counted["received"] == 1
    assert own.failing() == ["chat"]


async def test_one_delivery_does_not_end_it_while_others_fail() -> None:
    replicas = Replicas()
    own = replicas.start()
    for _ in range(60):
        own.report("GatewayDeliveryFailing", CHAT, True)
        await own.look()
        own.report("GatewayDeliveryFailing", CHAT, False)
        await own.look()
        replicas.at += 20 * SECOND
    assert replicas.firing() == ["GatewayDeliveryFailing"]


async def test_it_ends_once_nothing_has_failed_for_a_while() -> None:
    replicas = Replicas()
    own = replicas.start()
    own.report("GatewayDeliveryFailing", CHAT, True)
    await own.look()
    own.report("GatewayDeliveryFailing", CHAT, False)
    replicas.at += STANDS - SECOND
    await own.look()
    assert replicas.firing()
    replicas.at += 2 * SECOND
    await own.look()
    assert not replicas.firing()
    assert own.failing() == []


async def test_what_a_dead_replica_raised_is_ended_by_another() -> None:
    replicas = Replicas()
    dead, other = replicas.start(), replicas.start()
    other.report("GatewayStuck", {"subject": "plan"}, False)
    dead.report("GatewayStuck", {"subject": "plan"}, True)
    await dead.look()
    await other.look()
    replicas.at += STANDS
    other.report("GatewayStuck", {"subject": "plan"}, False)
    await other.look()
    assert not replicas.firing()


async def test_what_another_replica_ended_is_raised_again_when_it_goes_on() -> None:
    replicas = Replicas()
    one, other = replicas.start(), replicas.start()
    one.report("GatewayDeliveryFailing", CHAT, True)
    await one.look()
    replicas.at += STANDS
    await other.look()
    other.report("GatewayDeliveryFailing", CHAT, False)
    await other.look()
    assert not replicas.firing()
    replicas.at += MINUTE
    one.report("GatewayDeliveryFailing", CHAT, True)
    await one.look()
    await one.look()
    assert replicas.firing() == ["GatewayDeliveryFailing"]


async def test_two_that_write_at_once_lose_nothing() -> None:
    replicas = Replicas()
    one, other = replicas.start(), replicas.start()
    one.report("GatewayBehind", {}, True)
    other.report("GatewayDeliveryFailing", CHAT, True)
    await one.look()
    await other.look()
    await one.look()
    assert sorted(replicas.firing()) == ["GatewayBehind", "GatewayDeliveryFailing"]
    assert one.failing() == ["chat"]


async def test_a_report_that_all_is_well_where_nothing_was_wrong_writes_nothing() -> None:
    replicas = Replicas()
    own = replicas.start()
    own.report("GatewayBehind", {}, False)
    await own.look()
    assert not replicas.store.rows[Table.META]

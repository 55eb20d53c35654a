"""Our own heartbeat: it goes out while all is well, stops with the first thing that is not, and shows its
token to nobody else.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import structlog
from msgspec.structs import replace

from gateway.config.environment import Environment
from gateway.errors import BadSettings, StateFull, StateUnavailable
from gateway.model.agenda import Subject
from gateway.model.changes import Cell, Changes, Committed, Table
from gateway.model.durations import MINUTE
from gateway.model.incident import UnheardAlert
from gateway.model.records import dump
from gateway.outbound.network import Network
from gateway.self_monitoring.heartbeat import Heartbeat
from gateway.state.shards import Shards
from gateway.storage.memory import MemoryStore
from tests.support.build import START
from tests.support.pinged import Pinged
from tests.support.records import NEW_INCIDENT
from tests.support.running_gateway import Running, Starter

PATH = "/ping/0123456789abcdef"


class Ailing(MemoryStore):
    """A store that can be made to refuse."""

    fault: Exception | None = None

    async def commit(self, changes: Changes) -> Committed:
        if self.fault is not None and (changes.grows or not isinstance(self.fault, StateFull)):
            raise self.fault
        return await super().commit(changes)


@dataclass
class Patient:
    """A heartbeat, what it is made of, and who listens."""

    pinged: Pinged
    at: int = 0
    outcomes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stores = [Ailing(lambda: START + self.at) for _ in range(2)]
        self.heartbeat = Heartbeat(
            f"{self.pinged.url}{PATH}", Shards(self.stores), self.outcomes.append, Network()
        )


@pytest.fixture
async def patient() -> AsyncIterator[Patient]:
    async with Pinged.listening() as pinged:
        found = Patient(pinged)
        yield found
        await found.heartbeat.aclose()


async def test_it_goes_out_while_all_is_well(patient: Patient) -> None:
    await patient.heartbeat.beat()
    await patient.heartbeat.beat()
    assert patient.pinged.paths == [PATH, PATH]
    assert patient.outcomes == ["sent", "sent"]
    assert patient.heartbeat.trouble == ""


@pytest.mark.parametrize("shard", [0, 1])
@pytest.mark.parametrize(
    "fault", [StateUnavailable("away"), StateFull("full"), TimeoutError()], ids=["away", "full", "slow"]
)
async def test_it_is_withheld_while_any_shard_takes_no_webhooks(
    patient: Patient, shard: int, fault: Exception
) -> None:
    patient.stores[shard].fault = fault
    await patient.heartbeat.beat()
    assert not patient.pinged.paths
    assert patient.outcomes == ["withheld"]
    assert patient.heartbeat.trouble
    patient.stores[shard].fault = None
    await patient.heartbeat.beat()
    assert patient.outcomes == ["withheld", "sent"]


CRITICAL = UnheardAlert("Down", "dead_letter", "chat: token_revoked", 2, ("chat",), urgent=True)
WARNING = UnheardAlert("Slow", "dead_letter", "chat: token_revoked", 3, ("chat",))
REPORT = UnheardAlert("GatewayUnheard", "dead_letter", "x: gone", 1, ("x",), urgent=True, last_resort=True)


@pytest.mark.parametrize(
    ("unheard", "trouble"),
    [
        pytest.param(
            (CRITICAL, REPORT),
            "nobody can be told of 2 urgent alerts, nor that this is so",
            id="nobody knows",
        ),
        pytest.param((CRITICAL,), "", id="our own alert about it is told"),
        pytest.param((WARNING, REPORT), "", id="nobody had to be woken"),
        pytest.param((), "", id="a version before counts it and names nothing"),
    ],
)
async def test_it_is_withheld_while_nobody_can_be_told_of_what_is_urgent_nor_of_that(
    patient: Patient, unheard: tuple[UnheardAlert, ...], trouble: str
) -> None:
    """The report and what it is about may be incidents of different shards."""
    for name, store, alerts in zip("ab", patient.stores, (unheard[:1], unheard[1:]), strict=True):
        incident = replace(NEW_INCIDENT, id=name, unheard_since=START, unheard=alerts)
        cell = Cell(Table.INCIDENTS, incident.id)
        await store.commit(Changes(put={cell: dump(incident)}, count={"unheard": 1}))
    await patient.heartbeat.beat()
    assert patient.heartbeat.trouble == trouble
    assert patient.outcomes == ["withheld" if trouble else "sent"]


async def test_it_is_withheld_while_what_is_due_is_not_done(patient: Patient) -> None:
    changes = Changes()
    changes.schedule(Subject.plan("a"), START)
    await patient.stores[1].commit(changes)
    patient.at = 2 * MINUTE
    await patient.heartbeat.beat()
    assert patient.outcomes == ["sent"]
    patient.at += 1
    await patient.heartbeat.beat()
    assert patient.outcomes == ["sent", "withheld"]
    assert patient.heartbeat.trouble == "something has been due for 120 s"


async def test_it_is_sent_while_a_vendor_alone_makes_deliveries_late(patient: Patient) -> None:
    changes = Changes()
    changes.schedule(Subject.deliver("chat", "a"), START)
    await patient.stores[1].commit(changes)
    patient.at = 10 * MINUTE
    await patient.heartbeat.beat()
    assert patient.outcomes == ["sent"]


async def test_an_answer_that_is_no_thanks_is_said_and_tried_again(patient: Patient) -> None:
    patient.pinged.status = 404
    await patient.heartbeat.beat()
    assert patient.heartbeat.trouble == "it was answered 404"
    patient.pinged.status = 200
    await patient.heartbeat.beat()
    assert patient.outcomes == ["failed", "sent"]
    assert patient.heartbeat.trouble == ""


async def test_a_redirect_is_not_followed_with_the_token(patient: Patient) -> None:
    patient.pinged.status = 302
    await patient.heartbeat.beat()
    assert patient.outcomes == ["failed"]


async def test_nothing_that_is_said_of_a_failure_holds_the_address(patient: Patient) -> None:
    patient.pinged.cuts = True
    with structlog.testing.capture_logs() as lines:
        await patient.heartbeat.beat()
    assert patient.outcomes == ["failed"]
    assert [one["event"] for one in lines] == ["heartbeat_failed"]
    assert "0123456789abcdef" not in f"{lines}{patient.heartbeat.trouble}"


async def test_a_gateway_sends_it_from_its_start_on_and_says_when_it_does_not_arrive(
    starter: Starter,
) -> None:
    async with Pinged.listening() as pinged:
        pinged.status = 500
        starter.more = {"GATEWAY_HEARTBEAT_URL": f"{pinged.url}{PATH}"}
        app: Running = await starter.start()
        await app.until(lambda: pinged.paths)
        await app.until(
            lambda: app.gateway.metrics.render()[0].count(b'gateway_heartbeats_total{outcome="failed"} 1.0')
        )
        health = (await app.ask("/health")).json()
    assert health["worries"] == ["our own heartbeat does not arrive: it was answered 500"]
    assert PATH not in (await app.ask("/metrics")).text


@pytest.mark.parametrize("address", ["hc-ping.com/0123", "ftp://watch/0123", "https://"])
def test_what_is_no_address_is_refused_and_not_shown(address: str) -> None:
    with pytest.raises(BadSettings, match="GATEWAY_HEARTBEAT_URL") as refused:
        Environment({"GATEWAY_HEARTBEAT_URL": address})
    assert "0123" not in str(refused.value)


def test_its_address_appears_in_no_log_line() -> None:
    environment = Environment({"GATEWAY_HEARTBEAT_URL": f"https://hc.example{PATH}"})
    assert f"https://hc.example{PATH}" in environment.secrets()

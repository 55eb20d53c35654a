"""The auditor says at every look what is wrong with the counters and the agenda."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.config.environment import Environment
from gateway.config.secrets import EnvironmentSecrets
from gateway.decisions.intake.correlate import Correlator
from gateway.decisions.policy import Policy
from gateway.intake.group_commit import GroupCommit
from gateway.intake.sharded import ShardedIntake
from gateway.model.agenda import Subject
from gateway.model.alert import Alert
from gateway.model.cells import CREDENTIALED
from gateway.model.changes import Changes, Table
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.records import load_alert
from gateway.model.rules.rulebook import Rulebook
from gateway.self_monitoring.auditor import Auditor
from gateway.self_monitoring.missing_credentials import MissingCredentials
from gateway.self_monitoring.own_alerts import OwnAlerts
from gateway.state.shards import Shards
from gateway.storage.memory import MemoryStore
from gateway.telemetry.metrics import Metrics
from tests.support.build import START, pager, rulebook

SECRETS = EnvironmentSecrets(Environment({}), b"k")
CHAT = {"destination": "chat", "gateway_destination": "chat"}


@dataclass
class Replicas:
    """Several gateways on one store."""

    at: int = 0
    store: MemoryStore = field(init=False)

    def __post_init__(self) -> None:
        self.store = MemoryStore(lambda: START + self.at)

    def intake(self) -> GroupCommit:
        return GroupCommit(self.store, Correlator(rulebook()), woken=lambda: None, taken=lambda *_: None)

    def start(self) -> OwnAlerts:
        return OwnAlerts(self.intake(), self.store)

    def firing(self) -> list[str]:
        alerts: list[Alert] = [load_alert(row.value) for row in self.store.rows[Table.ALERTS].values()]
        return [alert.labels["alertname"] for alert in alerts if alert.firing]


@dataclass
class Audited:
    """A replica's auditor, and what it says."""

    replicas: Replicas
    said: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    rules: Rulebook = field(default_factory=rulebook)

    def __post_init__(self) -> None:
        self.auditor = Auditor(
            Shards([self.replicas.store]), ShardedIntake([self.replicas.intake()], Policy(rulebook())), Metrics(), lambda name, labels, *_: self.said.append((name, dict(labels))),
            lambda: 0, lambda: 0, dict, MissingCredentials(lambda: self.rules, SECRETS),
        )  # fmt: skip
        self.auditor.started -= HOUR

    async def looks(self, **counted: int) -> list[str]:
        """What it says after this is added to the counters."""
        self.said.clear()
        await self.replicas.store.commit(
            Changes(count={name.replace("__", ":"): by for name, by in counted.items()})
        )
        await self.auditor.look()
        return [name for name, _ in self.said]


# What the auditor says


async def test_every_look_says_which_destinations_fail_whoever_found_it_out() -> None:
    audited = Audited(Replicas())
    assert await audited.looks(failing__chat=2) == ["GatewayDeliveryFailing"]
    assert audited.said == [("GatewayDeliveryFailing", CHAT)]
    assert await audited.looks(failing__chat=-1) == ["GatewayDeliveryFailing"]
    assert await audited.looks(failing__chat=-1) == []


async def test_a_destination_that_the_rules_name_no_more_is_not_said_to_fail() -> None:
    audited = Audited(Replicas())
    audited.rules = rulebook(destinations=(pager(),))
    assert await audited.looks(failing__chat=1, failing__pager=1) == ["GatewayDeliveryFailing"]
    assert audited.auditor.failing == ["pager"]


async def test_a_destination_without_its_credential_is_said_to_fail_though_nothing_was_to_be_sent() -> None:
    audited = Audited(Replicas())
    await audited.replicas.store.commit(Changes(put={CREDENTIALED: b"slack"}))
    assert await audited.looks() == []
    audited.replicas.at = 2 * MINUTE
    assert await audited.looks() == []
    audited.replicas.at += SECOND
    assert await audited.looks() == ["GatewayDeliveryFailing"]
    assert audited.said == [("GatewayDeliveryFailing", CHAT)]


async def test_counters_that_are_wrong_for_one_look_only_are_not_worth_an_alert() -> None:
    audited = Audited(Replicas())
    assert await audited.looks(received=1) == []
    assert await audited.looks() == ["GatewayBooksUnbalanced"]
    assert await audited.looks(received=-1) == []


async def test_what_has_been_due_for_over_two_minutes_is_said_at_every_look() -> None:
    audited = Audited(Replicas())
    changes = Changes()
    changes.schedule(Subject.plan("i1"), START)
    await audited.replicas.store.commit(changes)
    audited.replicas.at = 2 * MINUTE
    assert await audited.looks() == []
    audited.replicas.at += SECOND
    assert await audited.looks() == ["GatewayBehind"]
    assert await audited.looks() == ["GatewayBehind"]


async def test_deliveries_that_wait_for_their_vendor_are_said_with_its_name() -> None:
    audited = Audited(Replicas())
    changes = Changes()
    changes.schedule(Subject.deliver("chat:#pay", "i1"), START)
    changes.schedule(Subject.deliver("chat:#pay", "i2"), START)
    await audited.replicas.store.commit(changes)
    audited.replicas.at = MINUTE
    await audited.looks()
    assert list(audited.auditor.late(0)) == []
    audited.replicas.at = 3 * MINUTE
    assert await audited.looks() == ["GatewayBehind"]
    said = "2 notifications wait for chat:#pay, which takes them slowly or not at all: the oldest for 3m"
    assert list(audited.auditor.late(0)) == [said]


async def test_what_has_waited_since_before_the_start_is_not_blamed_on_anybody() -> None:
    audited = Audited(Replicas())
    changes = Changes()
    changes.schedule(Subject.plan("i1"), START)
    changes.schedule(Subject.deliver("chat:#pay", "i1"), START)
    await audited.replicas.store.commit(changes)
    audited.replicas.at = 9 * MINUTE
    audited.auditor.started += HOUR - 20 * SECOND
    assert await audited.looks() == ["GatewayBehind"]
    own, waiting = audited.auditor.late()
    assert own == "something has been due for 540 s, since before this gateway started 20s ago"
    said = "1 notification waits for chat:#pay: the oldest for 9m, since before this gateway started 20s ago"
    assert waiting == said


async def test_lost_races_of_every_kind_are_in_the_metrics_and_those_of_webhooks_apart() -> None:
    audited = Audited(Replicas())
    audited.replicas.store.lost_races.update({"webhook": 2, "controls": 3})
    await audited.looks()
    registry = audited.auditor.metrics.registry
    assert registry.get_sample_value("gateway_lost_races_total") == 2
    assert registry.get_sample_value("gateway_transaction_retries_total", {"transaction": "controls"}) == 3

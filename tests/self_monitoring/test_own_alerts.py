"""The gateway's own alerts: raised once, whoever says so; they last as long as somebody goes on saying so,
and no longer.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

from gateway.decisions.intake.correlate import Correlator
from gateway.errors import StateUnavailable
from gateway.intake.group_commit import GroupCommit
from gateway.model.alert import Alert
from gateway.model.changes import Changes, Table
from gateway.model.durations import MINUTE, SECOND
from gateway.model.records import load_alert
from gateway.self_monitoring.own_alerts import LATER_REPORTS, STANDING_MS, OwnAlerts
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

    def intake(self) -> GroupCommit:
        return GroupCommit(self.store, Correlator(rulebook()), woken=lambda: None, taken=lambda *_: None)

    def start(self, docs_url: str = "") -> OwnAlerts:
        return OwnAlerts(self.intake(), self.store, docs_url)

    def alerts(self) -> list[Alert]:
        return [load_alert(row.value) for row in self.store.rows[Table.ALERTS].values()]

    def firing(self) -> list[str]:
        return [alert.labels["alertname"] for alert in self.alerts() if alert.firing]


async def test_what_fails_again_and_again_is_one_alert() -> None:
    replicas = Replicas()
    own = replicas.start()
    for _ in range(40):
        own.report("GatewayDeliveryFailing", CHAT)
        await own.look()
        replicas.at += 10 * SECOND
    assert replicas.firing() == ["GatewayDeliveryFailing"]
    assert replicas.store.counted["received"] == 1


async def test_it_leads_to_what_to_do_about_it_where_the_docs_have_an_address() -> None:
    replicas = Replicas()
    own = replicas.start("https://git.example.org/docs")
    own.report("GatewayDeliveryFailing", CHAT)
    await own.look()
    (alert,) = replicas.alerts()
    assert alert.annotations["runbook_url"].startswith("https://git.example.org/docs/own-alerts.md#gateway")


async def test_it_ends_once_nobody_has_said_so_for_a_while() -> None:
    replicas = Replicas()
    own = replicas.start()
    own.report("GatewayDeliveryFailing", CHAT)
    await own.look()
    replicas.at += STANDING_MS - SECOND
    await own.look()
    assert replicas.firing()
    replicas.at += 2 * SECOND
    await own.look()
    assert not replicas.firing()


async def test_what_a_dead_replica_raised_is_ended_by_one_that_never_heard_of_it() -> None:
    replicas = Replicas()
    dead = replicas.start()
    dead.report("GatewayStuck", {"subject": "plan"})
    await dead.look()
    replicas.at += STANDING_MS
    await replicas.start().look()
    assert not replicas.firing()


async def test_it_lasts_as_long_as_one_of_the_replicas_says_so() -> None:
    replicas = Replicas()
    one, other = replicas.start(), replicas.start()
    for _ in range(20):
        one.report("GatewayStuck", {"subject": "plan"})
        await one.look()
        replicas.at += MINUTE
        await other.look()
    assert replicas.firing() == ["GatewayStuck"]
    assert replicas.store.counted["received"] == 1


async def test_what_comes_again_after_its_end_is_raised_again() -> None:
    replicas = Replicas()
    one, other = replicas.start(), replicas.start()
    one.report("GatewayDeliveryFailing", CHAT)
    await one.look()
    replicas.at += STANDING_MS
    await other.look()
    assert not replicas.firing()
    replicas.at += MINUTE
    one.report("GatewayDeliveryFailing", CHAT)
    await one.look()
    assert replicas.firing() == ["GatewayDeliveryFailing"]


async def test_two_that_write_at_once_lose_nothing() -> None:
    replicas = Replicas()
    one, other = replicas.start(), replicas.start()
    one.report("GatewayBehind", {})
    other.report("GatewayDeliveryFailing", CHAT)
    await one.look()
    await other.look()
    await one.look()
    assert sorted(replicas.firing()) == ["GatewayBehind", "GatewayDeliveryFailing"]


@pytest.mark.parametrize(
    "fires", [pytest.param(False, id="before it is raised"), pytest.param(True, id="before it is ended")]
)
async def test_what_a_replica_left_half_done_another_finishes(
    monkeypatch: pytest.MonkeyPatch, *, fires: bool
) -> None:
    replicas = Replicas()
    one, other = replicas.start(), replicas.start()

    async def dies(*_: object) -> None:
        raise StateUnavailable("it is killed here")

    one.report("GatewayBehind", {})
    if fires:
        await one.look()
        replicas.at += STANDING_MS
    with monkeypatch.context() as patched:
        patched.setattr(GroupCommit, "accept", dies)
        with pytest.raises(StateUnavailable):
            await one.look()
    await other.look()
    assert bool(replicas.firing()) is not fires


def descriptions(replicas: Replicas) -> list[str]:
    alerts: list[Alert] = [load_alert(row.value) for row in replicas.store.rows[Table.ALERTS].values()]
    return [alert.annotations["description"] for alert in alerts]


async def test_what_it_says_is_brought_up_to_date_while_it_fires_and_it_stays_one_alert() -> None:
    replicas = Replicas()
    one, other = replicas.start(), replicas.start()
    for minute, count in enumerate((37, 37, 500)):
        replicas.at = minute * MINUTE
        one.report("GatewayTurnedAway", TURNED_AWAY, f"{count} alerts of 1 group.")
        await one.look()
        await other.look()
        (description,) = descriptions(replicas)
        assert description.startswith(f"{count} alerts of 1 group. ")
    (alert,) = [load_alert(row.value) for row in replicas.store.rows[Table.ALERTS].values()]
    assert (alert.firing, alert.started_at, alert.episode) == (True, START, START // SECOND)
    assert replicas.store.counted["received"] == 2, "the same text again is no news"


async def test_a_text_that_could_not_be_brought_up_to_date_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    replicas = Replicas()
    own = replicas.start()
    own.report("GatewayTurnedAway", TURNED_AWAY, "37 alerts.")
    await own.look()

    async def dies(*_: object) -> None:
        raise StateUnavailable("it is killed here")

    replicas.at = MINUTE
    own.report("GatewayTurnedAway", TURNED_AWAY, "500 alerts.")
    with monkeypatch.context() as patched:
        patched.setattr(GroupCommit, "accept", dies)
        with pytest.raises(StateUnavailable):
            await own.look()
    await replicas.start().look()
    assert descriptions(replicas)[0].startswith("500 alerts. ")


async def test_a_report_that_adds_nothing_takes_nothing_back() -> None:
    replicas = Replicas()
    own = replicas.start()
    own.report("GatewayDeliveryFailing", CHAT, "invalid_auth.")
    await own.look()
    replicas.at = MINUTE
    own.report("GatewayDeliveryFailing", CHAT)
    await own.look()
    assert descriptions(replicas)[0].startswith("invalid_auth. ")


async def test_where_nothing_is_wrong_nothing_is_written() -> None:
    replicas = Replicas()
    await replicas.start().look()
    assert not replicas.store.rows[Table.META]


TURNED_AWAY = {"source": "eu", "reason": "malformed", "severity": "critical"}


async def test_a_report_that_the_first_version_does_not_know_stands_where_that_does_not_look() -> None:
    """It would stumble over the name, and raise and end nothing any more while both versions run."""
    replicas = Replicas()
    own = replicas.start()
    own.report("GatewayBehind", {})
    own.report("GatewayTurnedAway", TURNED_AWAY, "Source eu sends what cannot be read.")
    await own.look()
    assert sorted(replicas.firing()) == ["GatewayBehind", "GatewayTurnedAway"]
    row = json.loads(replicas.store.rows[Table.META]["own_alerts"].value)
    assert [report[0] for report in row.values()] == ["GatewayBehind"]
    replicas.at += STANDING_MS
    await own.look()
    assert not replicas.firing()


async def test_a_report_that_only_a_newer_version_knows_is_kept_for_it() -> None:
    replicas = Replicas()
    own = replicas.start()
    newer = {"GatewayOnTheMoon 1": ["GatewayOnTheMoon", {}, START, ""]}
    await replicas.store.commit(Changes(put={LATER_REPORTS: json.dumps(newer).encode()}))
    own.report("GatewayTurnedAway", TURNED_AWAY, "It is so.")
    await own.look()
    assert replicas.firing() == ["GatewayTurnedAway"]
    kept = json.loads(replicas.store.rows[Table.META][LATER_REPORTS.field].value)
    assert kept["GatewayOnTheMoon 1"] == newer["GatewayOnTheMoon 1"]


async def test_an_end_leaves_nothing_behind() -> None:
    replicas = Replicas()
    own = replicas.start()
    own.report("GatewayBehind", {})
    await own.look()
    replicas.at += STANDING_MS
    await own.look()
    await own.look()
    assert [row.value for row in replicas.store.rows[Table.META].values()] == [b"{}"]

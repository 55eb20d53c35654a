"""Each member goes where the routes send it, and something may keep each from being notified."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.notification import members
from gateway.decisions.notification.members import at_its_place
from gateway.decisions.notification.resolve import Plan
from gateway.decisions.policy import Policy
from gateway.model.durations import MINUTE
from gateway.model.ledger import Endpoint, Ledger, NotifiedState
from gateway.model.own_alert import OWN_SOURCE
from gateway.model.rules.route import Mute
from gateway.model.severity import Severity
from gateway.model.time_intervals import TimeInterval
from gateway.model.verdict import Reason
from tests.decisions.cases import alert, incident, planned, route
from tests.support.build import START, rulebook, slack

WARNING = alert("Disk", severity=Severity.WARNING)
CHANNEL = Endpoint("slack", "C1", "SLACK_BOT_TOKEN", "mark")


def wants(plan: Plan) -> dict[str, NotifiedState]:
    return {target: view.desired.state for target, view in plan.views.items()}


def test_a_channel_that_may_not_be_named_is_undeliverable_where_there_is_no_fallback() -> None:
    team = slack("team", "#{team}", allow=frozenset({"pay"}))
    rules = rulebook(route(notify=("team",), page=()), destinations=(team,))
    plan = planned(alert(team="evil"), at=MINUTE, rules=rules)
    assert [(verdict.outcome, verdict.reason) for verdict in plan.untargeted.values()] == [
        ("undeliverable", "template_value")
    ]


def test_a_channel_that_may_not_be_named_is_told_at_its_fallback_chains_followed() -> None:
    first = slack("team", "#{team}", allow=frozenset({"pay"}), fallback=("area",))
    second = slack("area", "#{area}", allow=frozenset({"shop"}), fallback=("chat",))
    rules = rulebook(route(notify=("team",), page=()), destinations=(first, second, slack()))
    assert wants(planned(alert(team="evil"), at=MINUTE, rules=rules)) == {"chat": NotifiedState.FIRING}


@pytest.mark.parametrize(
    ("endpoint", "target"),
    [
        pytest.param(None, "chat", id="nobody was told there yet"),
        pytest.param(CHANNEL, "chat", id="it means the place that was told"),
        pytest.param(
            msgspec.structs.replace(CHANNEL, kind="log"), "chat", id="it went to the log, which is no place"
        ),
        pytest.param(
            msgspec.structs.replace(CHANNEL, address="C9"), "chat:C1", id="it means another channel now"
        ),
        pytest.param(
            msgspec.structs.replace(CHANNEL, secret="OLD_BOT"), "chat:C1", id="another bot speaks there now"
        ),
    ],
)
def test_a_destination_that_means_another_place_is_another_target(
    endpoint: Endpoint | None, target: str
) -> None:
    """The old place is still owed the end of what it was told."""
    told_before = Ledger("inc", "chat", "chat", endpoint=endpoint)
    snapshot = IncidentSnapshot(incident(alert()), {}, {"chat": told_before})
    policy = Policy(rulebook())
    recipient = policy.router.routing(alert().labels, START).recipients[0]
    assert at_its_place(recipient, snapshot).target == target


def test_an_alert_about_a_destination_that_fails_is_not_sent_only_there() -> None:
    own = msgspec.structs.replace(
        alert("GatewayDeliveryFailing", gateway_destination="chat"), spoken_by=f"{OWN_SOURCE}1"
    )
    rules = rulebook(route(page=()), destinations=(slack(), slack("other", "C2")))
    assert set(planned(own, rules=rules).views) == {"other"}
    usual = msgspec.structs.replace(own, spoken_by="default/1")
    assert set(planned(usual, rules=rules).views) == {"chat"}


def test_a_member_whose_alert_is_not_to_be_found_goes_nowhere() -> None:
    snapshot = IncidentSnapshot(incident(alert(), alert("Gone")), {alert().episode_id: alert()}, {})
    routed = members.route(snapshot, Policy(rulebook()), START)
    assert [found.alert.name for found in routed] == ["HighErrorRate"]


def test_each_way_to_a_member_is_muted_by_itself() -> None:
    rules = replace(
        rulebook(route(mute=Mute(notify=("nights",)))), intervals={"nights": (TimeInterval.parse({}),)}
    )
    snapshot = IncidentSnapshot(incident(WARNING), {WARNING.episode_id: WARNING}, {})
    policy = Policy(rules)
    (judged,) = members.suppress(members.route(snapshot, policy, START), snapshot, policy, START)
    muted = {
        recipient.target: verdict and verdict.reason
        for recipient, verdict in zip(judged.routed.recipients, judged.muted_by, strict=True)
    }
    assert muted == {"chat": Reason.MUTED, "pager": None}
    assert judged.suppressed_by is None

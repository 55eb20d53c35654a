from __future__ import annotations

from datetime import UTC, datetime
from math import inf
from typing import Any

import pytest

from gateway.sandbox.pagerduty.account import Incident
from tests.soak.alerts import Life
from tests.soak.told import GATEWAY, Receiver, Telling, beyond, compared, service_of, uncovered

LIVES = [Life("p1", 10, 60), Life("p1", 110, 160)]


def test_each_life_has_to_be_told() -> None:
    assert uncovered(LIVES, [Telling("p1", 11, 62), Telling("p1", 112, 161)]) == 0
    assert uncovered(LIVES, [Telling("p1", 11, 62)]) == 1
    assert uncovered(LIVES, [Telling("p2", 11, 161)]) == 2


def test_one_telling_is_of_two_lives_where_the_first_end_came_late() -> None:
    assert uncovered(LIVES, [Telling("p1", 11, 161)]) == 0


def test_what_is_told_after_a_life_was_over_is_not_of_it() -> None:
    assert uncovered(LIVES[:1], [Telling("p1", 61, 62)]) == 1


def test_what_is_told_beyond_one_of_each_life_is_doubled() -> None:
    assert beyond(LIVES, [Telling("p1", 11, 62), Telling("p1", 112, 161), Telling("p1", 112, 161)]) == 1
    assert beyond(LIVES, [Telling("", 11)]) == 0


def test_what_is_not_told_ended_is_owed_by_name() -> None:
    found = compared(LIVES, {"PagerDuty": [Telling("p1", 11, 62), Telling("p1", 112)], "webhook": []}, 0)
    assert found.owing == ("p1 (PagerDuty)",)
    assert not found.well


def test_own_alerts_are_counted_apart() -> None:
    ours = [Telling(GATEWAY, 20, 90, "GatewayBehind"), Telling(GATEWAY, 99, alert="GatewayDeliveryFailing")]
    theirs = [Telling("p1", 11, 62), Telling("p1", 112, 161)]
    found = compared(LIVES, {"PagerDuty": [*theirs, ours[1]], "Slack": theirs, "webhook": ours}, 0)
    assert found.well
    assert found.own == (
        "GatewayDeliveryFailing (PagerDuty)",
        "GatewayBehind (webhook)",
        "GatewayDeliveryFailing (webhook)",
    )
    assert found.standing == ("GatewayDeliveryFailing (PagerDuty)", "GatewayDeliveryFailing (webhook)")


def test_a_page_of_an_own_alert_is_not_of_the_service_that_it_speaks_of() -> None:
    summary = "GatewayDeliveryFailing · alert-gateway — 1 incident could not be told there (Paged40 · p2)."
    event = {"payload": {"summary": summary, "component": GATEWAY}}
    assert service_of(Incident(1, "service", "key", "abc.1", datetime.now(UTC), event)) == GATEWAY


def said(at: str, kind: str) -> dict[str, Any]:
    labels = {"alertname": "Own1", "service": "h1"}
    return {
        "timestamp": at,
        "type": f"incident.{kind}",
        "data": {"key": "abc.1", "state": kind, "alerts": [{"labels": labels}]},
    }


@pytest.mark.parametrize("firing_at", ["2026-11-30T10:21:19Z", "2026-11-30T10:21:19.499000Z"])
def test_the_later_state_counts_whichever_comes_last(firing_at: str) -> None:
    firing, ended = said(firing_at, "firing"), said("2026-11-30T10:21:19.500000Z", "ended")
    for bodies in ([firing, ended], [ended, firing]):
        receiver = Receiver()
        for body in bodies:
            receiver.note(body)
        assert receiver.tellings["abc.1"].ended < inf

"""Explain: what becomes of each alert of a body, step by step, why, and by which rule of which file and line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import BadWebhook
from gateway.rules.files import load_rules
from gateway.simulate.explain import Explained, Explanation, ToldWhere, explain

NOW = 1_795_428_005_000  # 2026-11-23T10:00:05Z
RULES = """destinations:
  chat:  {slack: {channel: "#alerts"}}
  team:  {slack: {channel: "#{team}-oncall", allow: [payments]}}
  pager: {pagerduty: {routing_key: {env: PAGERDUTY_ROUTING_KEY}}}
routes:
  - name: shop
    match: ['namespace="shop"']
    notify: [chat]
    page: [pager]
    page_when: {any: [{severity: critical}]}
    group_wait: 30s
  - name: teams
    match: ['namespace="teams"']
    notify: [team]
  - name: asleep
    match: ['namespace="asleep"']
    notify: [chat]
correlate:
  - {name: same-service, match: ['service!=""'], by: [service], window: 10m}
"""


def alert(name: str = "Down", ends: str = "", **labels: str) -> dict[str, object]:
    return {
        "status": "resolved" if ends else "firing",
        "labels": {"alertname": name, "severity": "critical", "namespace": "shop", **labels},
        "startsAt": "2026-11-23T10:00:00Z",
        "endsAt": ends or "0001-01-01T00:00:00Z",
    }


async def explained(tmp_path: Path, *alerts: object) -> Explanation:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES, "utf-8")
    rules = load_rules(path, NOW).rulebook
    assert rules is not None
    return await explain(json.dumps({"version": "4", "alerts": alerts}).encode(), rules, NOW)


def at(found: Explained, target: str) -> ToldWhere:
    (where,) = [one for one in found.told if one.target == target]
    return where


async def test_a_new_alert_is_opened_because_it_fires_for_the_first_time(tmp_path: Path) -> None:
    (found,) = (await explained(tmp_path, alert())).alerts
    assert (found.name, found.severity, found.outcome, found.reason) == (
        "Down",
        "critical",
        "opened",
        "first_firing",
    )
    assert found.labels["namespace"] == "shop"


async def test_a_told_alert_names_its_target_its_wait_and_the_time_of_telling(tmp_path: Path) -> None:
    (found,) = (await explained(tmp_path, alert())).alerts
    chat = at(found, "chat")
    assert (chat.standing, chat.reason, chat.at) == ("held", "group_wait", NOW + 30_000)


async def test_what_interrupts_a_person_is_marked_and_what_only_informs_is_not(tmp_path: Path) -> None:
    (found,) = (await explained(tmp_path, alert())).alerts
    assert (at(found, "pager").interrupts, at(found, "chat").interrupts) == (True, False)


async def test_a_page_that_is_not_worth_it_names_page_when_and_the_routes_file_and_line(
    tmp_path: Path,
) -> None:
    (found,) = (await explained(tmp_path, alert(severity="warning"))).alerts
    pager = at(found, "pager")
    assert (pager.standing, pager.reason, pager.at) == ("suppressed", "page_when", 0)
    assert pager.rule == "shop (rules.yaml:6)"


async def test_an_alert_that_no_route_takes_is_suppressed_as_unrouted(tmp_path: Path) -> None:
    (found,) = (await explained(tmp_path, alert(namespace="elsewhere"))).alerts
    assert [(one.target, one.standing, one.reason) for one in found.told] == [("", "suppressed", "unrouted")]


async def test_severity_none_that_no_rule_names_is_told_nowhere(tmp_path: Path) -> None:
    (found,) = (await explained(tmp_path, alert("Watchdog", severity="none", namespace="elsewhere"))).alerts
    assert [(one.target, one.standing, one.reason) for one in found.told] == [
        ("", "suppressed", "severity_none")
    ]


@pytest.mark.parametrize(
    ("team", "target", "reason"),
    [
        pytest.param("payments", "#payments-oncall", "group_wait", id="a value that is allowed is a channel"),
        pytest.param("marketing", "", "template_value", id="a value outside allow is not, and says so"),
        pytest.param("", "", "template_value", id="nor is an alert without the label"),
    ],
)
async def test_a_channel_from_a_label(tmp_path: Path, team: str, target: str, reason: str) -> None:
    (found,) = (
        await explained(tmp_path, alert(namespace="teams", **({"team": team} if team else {})))
    ).alerts
    (where,) = found.told
    assert where.reason == reason
    assert target in where.target
    if not target:
        assert where.standing == "undeliverable"
        assert where.rule == "teams (rules.yaml:12)"


async def test_alerts_of_one_service_are_one_incident_by_a_rule_of_a_file_and_line(tmp_path: Path) -> None:
    first, second = (await explained(tmp_path, alert(service="pay"), alert("Slow", service="pay"))).alerts
    assert first.incident == second.incident != ""
    assert first.correlated_by == "same-service (rules.yaml:19)"


async def test_alerts_of_two_services_are_two_incidents(tmp_path: Path) -> None:
    first, second = (await explained(tmp_path, alert(service="pay"), alert(service="cart"))).alerts
    assert first.incident != second.incident


async def test_the_same_alert_twice_in_a_body_is_opened_once(tmp_path: Path) -> None:
    found = (await explained(tmp_path, alert(), alert())).alerts
    assert [one.outcome for one in found] == ["opened", "repeated"]


async def test_a_second_replica_is_a_copy_and_not_another_alert(tmp_path: Path) -> None:
    replicas = [alert(prometheus_replica=name) for name in ("a", "b")]
    found = (await explained(tmp_path, *replicas)).alerts
    assert [one.reason for one in found] == ["first_firing", "copy_added"]
    assert len({one.incident for one in found}) == 1


async def test_an_end_of_something_never_seen_concerns_nobody(tmp_path: Path) -> None:
    found = await explained(tmp_path, alert(ends="2026-11-23T10:00:01Z"))
    assert all(not one.told for one in found.alerts)


async def test_an_end_of_something_never_seen_is_explained_too(tmp_path: Path) -> None:
    found = (await explained(tmp_path, alert(ends="2026-11-23T10:00:01Z"))).alerts
    assert [(one.outcome, one.reason) for one in found] == [("ignored", "orphan_resolve")]


async def test_a_bad_alert_is_quarantined_with_its_place_and_its_neighbours_are_explained(
    tmp_path: Path,
) -> None:
    found = await explained(tmp_path, {"labels": {"alertname": [5]}}, alert())
    assert [one.name for one in found.alerts] == ["Down"]
    assert len(found.quarantined) == 1
    assert found.quarantined[0].startswith("alerts[].labels.alertname: ")


async def test_alerts_are_explained_in_the_order_of_the_body(tmp_path: Path) -> None:
    names = ["C", "A", "B"]
    assert [one.name for one in (await explained(tmp_path, *map(alert, names))).alerts] == names


async def test_an_unknown_severity_is_read_as_a_warning(tmp_path: Path) -> None:
    (found,) = (await explained(tmp_path, alert(severity="purple"))).alerts
    assert (found.severity, found.sent_severity) == ("warning", "purple")


async def test_two_explanations_of_one_body_decide_the_same(tmp_path: Path) -> None:
    body = [alert(), alert("Slow", service="pay", severity="warning")]
    first, second = await explained(tmp_path, *body), await explained(tmp_path, *body)
    assert [one.told for one in first.alerts] == [one.told for one in second.alerts]


@given(st.binary(max_size=40))
async def test_a_body_that_is_no_webhook_is_a_bad_webhook_and_never_a_fault(body: bytes) -> None:
    rules = load_rules(Path(__file__).parents[2] / "rules", NOW).rulebook
    assert rules is not None
    with pytest.raises(BadWebhook):
        await explain(body, rules, NOW)


async def test_who_sends_a_body_decides_what_of_it_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    sources = "sources:\n  - {name: eu, match: ['cluster=\"eu\"'], token: {env: EU}, repeat_interval: 30m}\n"
    path.write_text(RULES + sources, "utf-8")
    rules = load_rules(path, NOW).rulebook
    assert rules is not None
    body = json.dumps({"version": "4", "alerts": [alert(cluster="us")]}).encode()
    assert len((await explain(body, rules, NOW)).alerts) == 1
    (reason,) = (await explain(body, rules, NOW, "eu")).quarantined
    assert "source eu" in reason


async def test_an_alert_that_only_an_inhibition_holds_has_the_time_at_which_it_is_told(
    tmp_path: Path,
) -> None:
    inhibited = """destinations: {chat: {slack: {channel: "#alerts"}}}
routes: [{name: all, notify: [chat], group_wait: 5s}]
inhibit:
  - {name: node, source_matchers: [alertname="NodeDown"], target_matchers: [alertname="Down"], equal: [namespace], wait: 40s}
"""
    path = tmp_path / "rules.yaml"
    path.write_text(inhibited, "utf-8")
    rules = load_rules(path, NOW).rulebook
    assert rules is not None
    (found,) = (await explain(json.dumps({"alerts": [alert()]}).encode(), rules, NOW)).alerts
    where = at(found, "chat")
    assert (where.standing, where.reason, where.at) == ("held", "inhibit_wait", NOW + 40_000)


@pytest.mark.parametrize(
    ("labels", "milliseconds"),
    [
        pytest.param({"severity": "warning"}, 5_000, id="an update for all who hear of it"),
        pytest.param({"severity": "critical"}, 0, id="critical"),
        pytest.param({"severity": "warning", "namespace": "elsewhere"}, 0, id="no route takes it"),
    ],
)
async def test_it_says_how_long_one_more_alert_would_wait_to_be_planned_with_what_joins(
    tmp_path: Path, labels: dict[str, str], milliseconds: int
) -> None:
    found = await explained(tmp_path, alert(service="cart", **labels))
    assert [one.joining for one in found.alerts] == [milliseconds]

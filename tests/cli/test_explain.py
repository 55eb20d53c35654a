"""`gateway explain`: what it prints and how it ends."""

from __future__ import annotations

import json

import pytest

from gateway.cli.explain import _told_line
from gateway.simulate.explain import ToldWhere
from tests.support.command_line import BAD, RULES, Done, Gateway, written
from tests.support.processes import body

DOWN: dict[str, object] = {
    "status": "firing",
    "labels": {"alertname": "Down", "service": "pay", "severity": "warning"},
    "startsAt": "2026-11-23T10:00:00Z",
}


def test_alerts_that_come_together_have_one_number_and_no_id_that_leads_nowhere(gateway: Gateway) -> None:
    other = {**DOWN, "labels": {"alertname": "Other", "service": "pay", "severity": "warning"}}
    done = explained(gateway, alerts=(DOWN, other, DOWN))
    incidents = [line.split(" by ")[0].split()[1:] for line in done.out.splitlines() if "correlate" in line]
    assert incidents == [["new", "incident", "1"], ["new", "incident", "2"], ["new", "incident", "1"]]


def explained(gateway: Gateway, *options: str, alerts: tuple[object, ...] = (DOWN,)) -> Done:
    written("rules.yaml", RULES)
    written("body.json", json.dumps({"version": "4", "alerts": alerts}))
    return gateway("explain", "body.json", "--rules", "rules.yaml", *options)


def test_an_explanation_names_step_reason_wait_and_rule(gateway: Gateway) -> None:
    done = explained(gateway, "--at", "2026-11-23T10:00:00Z")
    assert done.code == 0
    assert done.out.splitlines()[:2] == [
        "Down  [warning]  service=pay severity=warning",
        "  deduplicate  opened (first_firing)",
    ]
    assert "chat         held (group_wait), in 30s" in done.out
    assert "pager        suppressed (page_when) by everything (rules.yaml:5)" in done.out


ESCALATES = RULES.replace(
    "group_wait: 30s", "group_wait: 30s, escalate: [{after: 15m, unless: acknowledged, page: [pager]}]"
)


def test_an_explanation_announces_whom_a_step_pages_when_and_unless_what(gateway: Gateway) -> None:
    written("escalates.yaml", ESCALATES)
    written("body.json", json.dumps({"version": "4", "alerts": [DOWN]}))
    asked = ("explain", "body.json", "--rules", "escalates.yaml", "--at", "2026-11-23T10:00:00Z")
    # The condition of the page does not hold: the step is the first to call somebody.
    step = "step 1 of everything (escalates.yaml:5) pages pager in 15m, unless acknowledged"
    assert f"  escalate     {step}" in gateway(*asked).out.splitlines()
    ((ahead,),) = (alert["ahead"] for alert in gateway(*asked, "--json").json["alerts"])
    assert (ahead["route"], ahead["number"], ahead["page"]) == ("everything", 1, ["pager"])
    assert ahead["at"] == 1_795_428_930_000


def test_an_explanation_for_machines_has_the_same(gateway: Gateway) -> None:
    (found,) = explained(gateway, "--json").json["alerts"]
    assert (found["name"], found["outcome"], found["reason"]) == ("Down", "opened", "first_firing")
    assert {one["target"]: one["reason"] for one in found["told"]} == {
        "chat": "group_wait",
        "pager": "page_when",
    }


def test_an_end_is_explained_as_by_a_gateway_that_knows_of_no_alert(gateway: Gateway) -> None:
    over = {**DOWN, "status": "resolved", "endsAt": "2026-11-23T10:05:00Z"}
    assert explained(gateway, alerts=(over,)).out.splitlines()[1:] == [
        "  deduplicate  ignored (orphan_resolve)",
        "so says a gateway that knows of no alert yet; a running one knows what fires, and a resolve ends it there",
    ]


def test_what_is_quarantined_is_shown_with_its_place(gateway: Gateway) -> None:
    done = explained(gateway, alerts=({"labels": {"alertname": [5]}},))
    assert "knows of no alert yet" not in done.out
    assert (done.code, done.out.startswith("quarantined: alerts[].labels.alertname: ")) == (1, True)
    assert "nobody is told" in done.out


def test_what_is_quarantined_is_named_where_its_name_can_be_read(gateway: Gateway) -> None:
    done = explained(gateway, alerts=(DOWN, {**DOWN, "labels": {"alertname": "DiskFull", "disk": [1]}}))
    assert done.code == 1
    assert "quarantined: DiskFull: alerts[].labels.disk: " in done.out
    assert done.out.startswith("Down  [warning]")


def test_an_alert_that_no_route_takes_is_told_what_would(gateway: Gateway) -> None:
    written("gap.yaml", RULES.replace("notify: [chat]", "match: ['team=\"pay\"'], notify: [chat]"))
    written("body.json", json.dumps(body(DOWN)))
    done = gateway("explain", "body.json", "--rules", "gap.yaml")
    assert (
        "(nobody)     suppressed (unrouted): no route takes it; a last route without `match` would"
        in done.out
    )


def test_the_rule_stands_beside_the_reason_that_it_gives_and_not_beside_who_is_interrupted() -> None:
    told = ToldWhere("pager", "held", "inhibition_wait", "slow (a.yaml:3)", 5_000, interrupts=True)
    assert (
        _told_line(told, 0) == "  pager        held (inhibition_wait), in 5s by slow (a.yaml:3), interrupts"
    )


@pytest.mark.parametrize(
    "moment",
    [
        "2026-11-23T10:00:00Z",
        "2026-11-23T11:00:00+01:00",
        "2026-11-23T10:00:00.25Z",
        "2026-11-23T10:00:00.123456789Z",
        "2026-11-23T10:00:00",
    ],
)
def test_a_time_is_taken_as_alertmanager_writes_it(gateway: Gateway, moment: str) -> None:
    told = explained(gateway, "--json", "--at", moment).json["alerts"][0]["told"]
    assert next(one["at"] for one in told if one["target"] == "chat") // 1000 == 1_795_428_030


@pytest.mark.parametrize("moment", ["yesterday", "", "2026-13-01T00:00:00Z"])
def test_a_time_that_is_none_is_wrong_usage(gateway: Gateway, moment: str) -> None:
    assert explained(gateway, "--at", moment).code == 2


@pytest.mark.parametrize("given", [b"", b"hello", b"[]", b"{}", b"\xff", b'{"alerts": {}}'])
def test_a_body_that_is_no_webhook_is_what_the_door_would_refuse(gateway: Gateway, given: bytes) -> None:
    written("rules.yaml", RULES)
    done = gateway("explain", "-", "--rules", "rules.yaml", given=given)
    assert (done.code, done.out.startswith("refused with 400: ")) == (1, True)


def test_a_body_from_a_pipe_is_explained(gateway: Gateway) -> None:
    written("rules.yaml", RULES)
    done = gateway("explain", "-", "--rules", "rules.yaml", given=json.dumps(body(DOWN)).encode())
    assert (done.code, done.out.startswith("Down  [warning]")) == (0, True)


def test_rules_with_errors_explain_nothing_and_are_named(gateway: Gateway) -> None:
    written("rules.yaml", BAD)
    done = gateway("explain", "-", "--rules", "rules.yaml", given=b"{}")
    assert (done.code, "rules.yaml:5:24" in done.err) == (1, True)

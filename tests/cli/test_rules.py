"""`gateway check` and `gateway explain`: what they print and how they end."""

from __future__ import annotations

import json

import jsonschema
import pytest
import yaml

from gateway.cli.rules import _told_line
from gateway.simulate.explain import ToldWhere
from tests.support.command_line import BAD, RULES, Done, Gateway, written
from tests.support.processes import body

DOWN: dict[str, object] = {
    "status": "firing",
    "labels": {"alertname": "Down", "service": "pay", "severity": "warning"},
    "startsAt": "2026-11-23T10:00:00Z",
}


# check


def test_good_rules_are_counted_and_end_with_0(gateway: Gateway) -> None:
    done = gateway("check", written("rules.yaml", RULES))
    assert (done.code, done.out.split("(")[0]) == (0, "ok: 2 destinations, 1 route ")


def test_without_an_argument_the_rules_of_the_settings_are_checked(gateway: Gateway) -> None:
    written("mine/rules.yaml", RULES)
    assert gateway("check", GATEWAY_RULES="mine").code == 0


def test_without_any_word_of_them_the_rules_are_in_rules(gateway: Gateway) -> None:
    written("rules/all.yaml", BAD)
    assert "rules/all.yaml:5:24: " in gateway("check").out


def test_bad_rules_are_named_by_file_line_and_column_with_the_nearest_name_and_end_with_1(
    gateway: Gateway,
) -> None:
    done = gateway("check", written("rules.yaml", BAD))
    assert done.code == 1
    assert "rules.yaml:5:24: unknown key `notifi`; did you mean `notify`?" in done.out.splitlines()


def test_every_error_is_named_and_not_the_first_alone(gateway: Gateway) -> None:
    done = gateway("check", written("rules.yaml", BAD.replace("30s", "soon")))
    assert len([line for line in done.out.splitlines() if line.startswith("rules.yaml:5:")]) >= 2


def test_a_warning_is_shown_and_ends_with_0(gateway: Gateway) -> None:
    done = gateway("check", written("rules.yaml", RULES.replace("notify: [chat]", "notify: []")))
    assert done.code == 0
    assert "rules.yaml:2:3: warning: destination `chat` is used by no route" in done.out


TEAM = RULES.replace(
    "routes:", "  team: {pagerduty: {routing_key: {env: TEAM_KEY}}, fallback: [chat]}\nroutes:"
)


def test_a_credential_that_is_not_set_beside_another_of_its_vendor_is_a_warning(gateway: Gateway) -> None:
    rules = written("rules.yaml", TEAM.replace("page: [pager]", "page: [pager, team]"))
    done = gateway("check", rules, PAGERDUTY_ROUTING_KEY="secret-of-ours", TEAM_KEYS="secret-of-theirs")
    assert done.code == 0
    assert (
        "rules.yaml:4:1: warning: nothing can be delivered to `team`: TEAM_KEY is not set;"
        " the nearest name that is set is TEAM_KEYS" in done.out
    )
    assert "secret-of" not in done.said


def test_each_secret_that_rules_may_not_have_is_a_warning_at_its_destination_or_source(
    gateway: Gateway,
) -> None:
    refused = RULES.replace(
        "routes:", "  hook: {webhook: {url: {env: HOOK_URL}, token: {env: SLACK_BOT_TOKEN}}}\nroutes:"
    ).replace("page: [pager]", "page: [pager, hook]")
    source = "sources: [{name: eu, repeat_interval: 30m, match: ['a=\"b\"'], token: {env: REDIS_URL}}]\n"
    done = gateway("check", written("rules.yaml", refused + source))
    assert done.code == 0
    assert (
        "warning: nothing can be delivered to `hook`: SLACK_BOT_TOKEN is for slack destinations alone"
        in done.out
    )
    assert "warning: source `eu`: REDIS_URL is kept from rules" in done.out


def test_a_placeholder_and_a_secret_that_is_set_twice_are_seen_where_only_rules_name_them(
    gateway: Gateway,
) -> None:
    rules = TEAM.replace("page: [pager]", "page: [pager, team]") + (
        "sources: [{name: eu, repeat_interval: 30m, match: ['a=\"b\"'], token: {env: EU_TOKEN}}]\n"
    )
    done = gateway(
        "check",
        written("rules.yaml", rules),
        PAGERDUTY_ROUTING_KEY="secret-of-ours",
        TEAM_KEY="secret-of-theirs",
        TEAM_KEY_FILE="/dev/null",
        EU_TOKEN="changeme",
    )
    assert done.code == 0
    twice = "TEAM_KEY and TEAM_KEY_FILE are both set: TEAM_KEY counts, remove one of them"
    assert f"rules.yaml:4:1: warning: destination `team`: {twice}" in done.out
    assert "warning: source `eu`: EU_TOKEN holds a placeholder" in done.out
    assert "secret-of" not in done.said


def test_a_warning_about_a_credential_leads_to_the_file_from_where_it_was_called(gateway: Gateway) -> None:
    rules = written("teams/pay.yaml", TEAM.replace("page: [pager]", "page: [pager, team]"))
    for path in (rules, "teams"):
        done = gateway("check", path, PAGERDUTY_ROUTING_KEY="secret-of-ours")
        assert "teams/pay.yaml:4:1: warning: nothing can be delivered to `team`" in done.out


def test_where_no_credential_is_set_the_rules_alone_are_checked(gateway: Gateway) -> None:
    done = gateway("check", written("rules.yaml", RULES))
    assert "warning" not in done.out


def test_settings_that_are_wrong_are_no_matter_of_the_rules(gateway: Gateway) -> None:
    assert gateway("check", written("rules.yaml", RULES), GATEWAY_MAX_BODY="0").code == 0


@pytest.mark.parametrize(
    ("place", "said"),
    [
        pytest.param(
            "nowhere", "nowhere:1:1: there is no such file or folder", id="a folder that is not there"
        ),
        pytest.param(".", "no *.yaml or *.yml file in this folder", id="a folder without rules"),
    ],
)
def test_rules_that_are_not_there_end_with_1(gateway: Gateway, place: str, said: str) -> None:
    done = gateway("check", place)
    assert (done.code, said in done.out) == (1, True)


def test_findings_for_machines_have_level_place_and_message(gateway: Gateway) -> None:
    done = gateway("check", written("rules.yaml", BAD), "--json")
    assert done.code == 1
    message = "unknown key `notifi`; did you mean `notify`?"
    assert {"level": "error", "file": "rules.yaml", "line": 5, "column": 24, "message": message} in done.json


def test_good_rules_for_machines_are_an_empty_list(gateway: Gateway) -> None:
    done = gateway("check", written("rules.yaml", RULES), "--json")
    assert (done.code, done.json) == (0, [])


@pytest.mark.parametrize(
    ("rules", "good"), [pytest.param(RULES, True, id="good"), pytest.param(BAD, False, id="bad")]
)
def test_the_schema_for_editors_judges_rules_as_check_does(gateway: Gateway, rules: str, good: bool) -> None:
    schema = gateway("check", "--schema").json
    assert jsonschema.Draft202012Validator(schema).is_valid(yaml.safe_load(rules)) is good


# explain


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


def test_an_explanation_for_machines_has_the_same(gateway: Gateway) -> None:
    (found,) = explained(gateway, "--json").json["alerts"]
    assert (found["name"], found["outcome"], found["reason"]) == ("Down", "opened", "first_firing")
    assert {one["target"]: one["reason"] for one in found["told"]} == {
        "chat": "group_wait",
        "pager": "page_when",
    }


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


def test_what_is_quarantined_is_shown_with_its_place(gateway: Gateway) -> None:
    done = explained(gateway, alerts=({"labels": {"alertname": [5]}},))
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

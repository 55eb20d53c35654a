"""`gateway check`: what it prints and how it ends."""

from __future__ import annotations

import jsonschema
import pytest
import yaml

from tests.support.command_line import BAD, RULES, Gateway, written


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

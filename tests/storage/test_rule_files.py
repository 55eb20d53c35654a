"""What the files of a rule set mean together: defaults, inheritance, order, `within`, revision."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.matchers import parse_matchers
from gateway.model.rules.origin import SecretName
from gateway.model.rules.route import Condition, PageWhen, Quantifier
from gateway.model.rules.rulebook import LabelRules, Rulebook
from gateway.model.severity import Severity
from gateway.outbound.pagerduty.destination import PagerDutyService
from gateway.outbound.slack.destination import SlackChannel
from gateway.rules.files import load_rules

SMALLEST = """\
destinations:
  chat:  {slack: {channel: C024BE91L}}
  pager: {pagerduty: {routing_key: {env: PAGERDUTY_ROUTING_KEY}}}
routes:
  - {name: everything, notify: [chat], page: [pager], page_when: {any: [{severity: critical}]}}
"""

EVERYTHING = """\
labels:
  ignore: [prometheus_replica, pod]
  rename: {svc: service}
  severity: {from: level, map: {" Blocker ": critical, minor: info}, default: error}
  service: [service, app]
  scope: [cluster]
  redact: [customer_email]
  links: {runbook: runbook, dashboard: dashboard_url}
destinations:
  ops-slack:  {slack: {channel: C024BE91L}}
  team-slack: {slack: {channel: "#{team}-oncall", allow: [payments, search]}, fallback: [ops-slack]}
  pay-slack:  {slack: {channel: "#payments", token: {env: PAY_BOT}, mention_on_page: ["@payments-oncall"]}}
  pay-pager:  {pagerduty: {routing_key: {env: PAGERDUTY_PAYMENTS_KEY}, service: PXXXXXX}, fallback: [pay-slack], fallback_after: 3m}
routes:
  - {name: everything, notify: [ops-slack, team-slack], group_wait: 20s, update_interval: 1m, resolve_after: 0s, remind: 4h}
  - name: payments
    parent: everything
    match: ['team="payments"']
    owner: payments
    reason: money
    continue: true
    notify: [pay-slack]
    page: [pay-pager]
    page_when: {all: [{severity: Critical}, {alerts: 2}, {match: ['slo="true"']}]}
correlate:
  - name: same-service
    match: ['service!=""']
    by: [cluster, service]
    window: 1h30m
    stop_values: {service: ["", unknown]}
    max_values: {instance: 200}
    max_alerts: 50
  - {name: on-its-own, by: ["..."]}
policy: {closed_by_hand: 2h}
"""

NOW = 1_800_000_000_000


def write(folder: Path, **texts: str) -> Path:
    """`team__a` is the file `team/a.yaml`."""
    for name, text in texts.items():
        file = folder / f"{name.replace('__', '/')}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return folder


def book(path: Path) -> Rulebook:
    loaded = load_rules(path, NOW)
    assert loaded.rulebook is not None, [str(one) for one in loaded.findings]
    return loaded.rulebook


def names(rules: Rulebook) -> list[str]:
    return [rules.routes[at].name for at in rules.roots]


def matchers(*texts: str) -> tuple[object, ...]:
    return tuple(matcher for text in texts for matcher in parse_matchers(text))


def test_five_lines_are_enough_and_the_rest_has_its_default(tmp_path: Path) -> None:
    rules = book(write(tmp_path, a=SMALLEST))
    (route,) = rules.routes
    assert route.page_when == PageWhen(Quantifier.ANY, (Condition(severity=Severity.CRITICAL),))
    assert (route.group_wait, route.update_interval, route.resolve_after, route.remind) == (
        10 * SECOND,
        30 * SECOND,
        None,
        None,
    )
    assert rules.labels == LabelRules()
    assert (rules.correlate, rules.closed_by_hand) == ((), HOUR)
    assert rules.destinations["chat"].via == SlackChannel("C024BE91L", SecretName("SLACK_BOT_TOKEN"))
    assert rules.destinations["pager"].fallback_after == 2 * MINUTE


def test_every_label_key_is_read(tmp_path: Path) -> None:
    labels = book(write(tmp_path, a=EVERYTHING)).labels
    assert labels.ignore == {"prometheus_replica", "pod"}
    assert labels.rename == {"svc": "service"}
    assert (labels.severity.label, labels.severity.default) == ("level", Severity.ERROR)
    assert (labels.service, labels.scope, labels.redact) == (("service", "app"), ("cluster",), {"customer_email"})
    assert labels.links == {"runbook": "runbook", "dashboard": "dashboard_url"}


def test_words_for_severities_are_added_in_lower_case_without_blanks(tmp_path: Path) -> None:
    words = book(write(tmp_path, a=EVERYTHING)).labels.severity.words
    assert (words["blocker"], words["minor"], words["sev1"]) == (Severity.CRITICAL, Severity.INFO, Severity.CRITICAL)


def test_every_destination_key_is_read(tmp_path: Path) -> None:
    found = book(write(tmp_path, a=EVERYTHING)).destinations
    assert found["pay-slack"].via == SlackChannel("#payments", SecretName("PAY_BOT"), mention_on_page=("@payments-oncall",))
    assert found["team-slack"].via == SlackChannel("#{team}-oncall", allow=frozenset({"payments", "search"}))
    assert found["pay-pager"].via == PagerDutyService(SecretName("PAGERDUTY_PAYMENTS_KEY"), "PXXXXXX")
    assert (found["pay-pager"].fallback, found["pay-pager"].fallback_after) == (("pay-slack",), 3 * MINUTE)


def test_every_correlate_key_is_read(tmp_path: Path) -> None:
    first, last = book(write(tmp_path, a=EVERYTHING)).correlate
    assert (first.name, first.by, first.window, first.max_alerts) == ("same-service", ("cluster", "service"), 90 * MINUTE, 50)
    assert (first.stop_values, first.max_values) == ({"service": {"", "unknown"}}, {"instance": 200})
    assert (last.by, last.window) == (("...",), None)


def test_a_child_inherits_what_it_does_not_say_and_replaces_lists(tmp_path: Path) -> None:
    parent, child = book(write(tmp_path, a=EVERYTHING)).routes
    assert (child.parent, parent.children) == (0, (1,))
    assert (child.notify, child.page) == (("pay-slack",), ("pay-pager",))
    assert (child.group_wait, child.update_interval, child.resolve_after, child.remind) == (20_000, 60_000, 0, 4 * HOUR)


def test_every_key_of_a_route_of_its_own_is_read(tmp_path: Path) -> None:
    _, child = book(write(tmp_path, a=EVERYTHING)).routes
    assert (child.owner, child.reason, child.go_on) == ("payments", "money", True)
    slo = Condition(match=parse_matchers('slo="true"'))
    assert child.page_when == PageWhen(Quantifier.ALL, (Condition(severity=Severity.CRITICAL), Condition(alerts=2), slo))


def test_an_empty_list_replaces_what_is_inherited(tmp_path: Path) -> None:
    text = SMALLEST + "  - {name: quiet, parent: everything, match: ['env=\"dev\"'], page: []}\n"
    assert book(write(tmp_path, a=text)).routes[1].page == ()


def test_a_reminder_that_is_inherited_can_be_switched_off(tmp_path: Path) -> None:
    text = EVERYTHING.replace("    reason: money\n", "    remind: off\n")
    assert book(write(tmp_path, a=text)).routes[1].remind is None


def test_a_child_may_stand_in_a_file_before_its_parents(tmp_path: Path) -> None:
    child = "routes:\n  - {name: child, parent: everything, match: ['x=\"1\"'], group_wait: 1s}\n"
    rules = book(write(tmp_path, a=child, b=SMALLEST))
    assert rules.routes[0].notify == ("chat",)
    assert names(rules) == ["everything"]


def test_siblings_are_read_by_path_bytewise_then_by_line(tmp_path: Path) -> None:
    def two(first: str, second: str) -> str:
        return "routes:\n" + "".join(f"  - {{name: {name}, match: ['x=\"{name}\"']}}\n" for name in (first, second))

    folder = write(tmp_path, b=two("b1", "b2"), a__z=two("az2", "az1"), Z=two("Z1", "Z2"), é=two("e1", "e2"))
    assert names(book(folder)) == ["Z1", "Z2", "az2", "az1", "b1", "b2", "e1", "e2"]


def test_tests_and_hidden_files_are_no_rules(tmp_path: Path) -> None:
    folder = write(
        tmp_path, a=SMALLEST, tests__t="- no rules\n", team__tests__t="- no rules\n", **{"..data__a": "- no rules\n"}
    )
    assert load_rules(folder, NOW).findings == ()


def test_within_of_a_file_is_added_to_all_of_its_rules(tmp_path: Path) -> None:
    text = (
        "within: ['team=\"pay\"']\nroutes:\n  - {name: r, match: ['x=\"1\"']}\ncorrelate:\n  - {name: c, match: ['y=\"1\"']}\n"
    )
    rules = book(write(tmp_path, a=text, b="correlate:\n  - {name: other}\n"))
    assert rules.routes[0].match == matchers('team="pay"', 'x="1"')
    assert [one.match for one in rules.correlate] == [matchers('team="pay"', 'y="1"'), ()]


@pytest.mark.parametrize("own", ["_folder.yaml", "_folder.yml"])
def test_within_of_folders_accumulates_downwards(own: str, tmp_path: Path) -> None:
    folder = write(tmp_path, a__b__r="within: ['c=\"3\"']\nroutes:\n  - {name: deep}\n", z="routes:\n  - {name: top}\n")
    (folder / "a" / own).write_text("within: ['a=\"1\"']\n", "utf-8")
    (folder / "a" / "b" / own).write_text("within: ['b=\"2\"']\n", "utf-8")
    assert [one.match for one in book(folder).routes] == [matchers('a="1"', 'b="2"', 'c="3"'), ()]


def test_a_rule_knows_the_file_and_line_it_stands_in(tmp_path: Path) -> None:
    rules = book(write(tmp_path, a=EVERYTHING))
    assert str(rules.routes[1].origin) == f"{tmp_path}/a.yaml:16"


def test_anchors_and_aliases_are_as_good_as_written_out(tmp_path: Path) -> None:
    text = SMALLEST + "  - {name: b, parent: everything, match: &m ['x=\"1\"']}\ncorrelate:\n  - {name: c, match: *m}\n"
    assert book(write(tmp_path, a=text)).correlate[0].match == matchers('x="1"')


def test_one_file_is_a_rule_set_too(tmp_path: Path) -> None:
    assert names(book(write(tmp_path, a=SMALLEST, b="- broken") / "a.yaml")) == ["everything"]


def test_the_revision_is_of_names_and_text_wherever_the_folder_stands(tmp_path: Path) -> None:
    here, there = write(tmp_path / "1", a=SMALLEST), write(tmp_path / "2", a=SMALLEST)
    changed, renamed = write(tmp_path / "3", a=SMALLEST + "# new\n"), write(tmp_path / "4", b=SMALLEST)
    revisions = [book(one).revision for one in (here, there, changed, renamed)]
    assert revisions[0] == revisions[1]
    assert len({*revisions}) == 3
    assert all(len(one) == 16 for one in revisions)

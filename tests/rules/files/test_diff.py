"""A reload says in lines that a person can act on what it changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.model.rules.rulebook import Rulebook
from gateway.rules.files import differences, load_rules

BEFORE = """\
sources: [{name: eu, token: {env: EU}, repeat_interval: 4h}]
labels: {ignore: [prometheus_replica]}
destinations:
  chat: {slack: {channel: C1}}
  pay: {slack: {channel: C2}}
routes:
  - {name: all, notify: [chat], continue: true}
  - {name: pay, match: ['team="pay"'], notify: [pay], group_wait: 10s}
  - {name: sea, match: ['team="sea"'], notify: [pay]}
correlate:
  - {name: one, match: ['x="1"'], window: 10m}
  - {name: two, match: ['x="2"']}
policy: {closed_by_hand: 1h}
"""
CHANGES = [
    pytest.param("_interval: 4h", "_interval: 30m", ["source `eu`: repeat_interval 4h -> 30m"], id="a source's interval"),
    pytest.param(
        "_interval: 4h", "_interval: 4h, stale_after: 1h", ["source `eu`: stale_after default -> 1h"], id="when a source is stale"
    ),
    pytest.param(
        "_interval: 4h", "_interval: 4h, alertmanager: [{env: A}, {env: B}], receiver: gw",
        ["source `eu`: alertmanager [] -> [A, B]", "source `eu`: receiver none -> gw"],
        id="the peers of a source",
    ),
    pytest.param("group_wait: 10s", "group_wait: 90s", ["route `pay`: group_wait 10s -> 1m30s"], id="a timer"),
    pytest.param("group_wait: 10s", "resolve_after: 0s", ["route `pay`: resolve_after default -> 0s"], id="a timer that had no value"),
    pytest.param("group_wait: 10s", "remind: 4h", ["route `pay`: remind off -> 4h"], id="a reminder"),
    pytest.param("window: 10m", "window: 250ms", ["correlate rule `one`: window 10m -> 250ms"], id="a window"),
    pytest.param("_hand: 1h", "_hand: 1d12h", ["policy: closed_by_hand 1h -> 1d12h"], id="the policy"),
    pytest.param("channel: C2", "channel: C3", ["destination `pay`: channel C2 -> C3"], id="a channel"),
    pytest.param(
        "channel: C2", "channel: C2, token: {env: T}", ["destination `pay`: token SLACK_BOT_TOKEN -> T"], id="the name of a token"
    ),
    pytest.param(
        "pay: {slack: {channel: C2}}", "pay: {slack: {channel: C2}, fallback: [chat]}", ["destination `pay`: fallback [] -> [chat]"], id="a fallback"
    ),
    pytest.param(", continue: true", "", ["route `all`: continue true -> false"], id="a route that goes on no more"),
    pytest.param("{name: sea,", "{name: sea, parent: pay,", ["route `sea`: parent none -> pay"], id="a route that moves"),
    pytest.param(
        "group_wait: 10s",
        "page_when: {any: [{severity: error}, {alerts: 2}]}",
        ["route `pay`: page_when always -> any of [severity error, alerts 2]"],
        id="when it pages",
    ),
    pytest.param(
        "[prometheus_replica]", "[prometheus_replica, pod]", ["labels: ignore [prometheus_replica] -> [pod, prometheus_replica]"], id="labels"
    ),
    pytest.param(
        "labels: {", "labels: {severity: {default: error}, ", ["labels: severity: default warning -> error"], id="the default severity"
    ),
]  # fmt: skip
NOW = 1_800_000_000_000


def read(folder: Path, text: str) -> Rulebook:
    (folder / "a.yaml").write_text(text, "utf-8")
    loaded = load_rules(folder, NOW)
    assert loaded.rulebook is not None, [str(one) for one in loaded.findings]
    return loaded.rulebook


def changed(folder: Path, old: str, new: str) -> list[str]:
    assert old in BEFORE
    return list(differences(read(folder, BEFORE), read(folder, BEFORE.replace(old, new, 1))))


@pytest.mark.parametrize(("old", "new", "expected"), CHANGES)
def test_one_change_is_one_line(old: str, new: str, expected: list[str], tmp_path: Path) -> None:
    assert changed(tmp_path, old, new) == expected


def test_the_same_rules_differ_in_nothing(tmp_path: Path) -> None:
    assert changed(tmp_path, "labels:", "# a comment\nlabels:") == []


def test_what_comes_and_goes_is_named_with_its_place(tmp_path: Path) -> None:
    lines = changed(tmp_path, "name: sea", "name: lake")
    place = "a.yaml:9"
    assert lines == [f"route `lake` added ({place})", f"route `sea` removed (was {place})"]


def test_a_destination_that_becomes_another_kind_says_so(tmp_path: Path) -> None:
    old = BEFORE.replace("notify: [pay]", "page: [pay]")
    new = old.replace("pay: {slack: {channel: C2}}", "pay: {pagerduty: {routing_key: {env: K}}}")
    assert differences(read(tmp_path, old), read(tmp_path, new)) == (
        "destination `pay`: via slack -> pagerduty",
    )


def test_a_webhook_and_the_audit_trail_to_it_are_said(tmp_path: Path) -> None:
    hook = BEFORE.replace(
        "destinations:\n", "destinations:\n  hook: {webhook: {url: {env: U}, token: {env: T}}}\n"
    )
    before = hook.replace("notify: [pay]", "notify: [pay, hook]")
    after = before.replace("token: {env: T}", "secret: {env: S}").replace(
        "closed_by_hand: 1h", "closed_by_hand: 1h, audit: [hook]"
    )
    assert differences(read(tmp_path, before), read(tmp_path, after)) == (
        "policy: audit [] -> [hook]",
        "destination `hook`: token T -> none",
        "destination `hook`: secret none -> S",
    )


@pytest.mark.parametrize("what", ["routes", "correlate rules"])
def test_another_order_is_said_because_the_first_match_wins(what: str, tmp_path: Path) -> None:
    lines = BEFORE.splitlines()
    at = lines.index("routes:" if what == "routes" else "correlate:") + 1
    lines[at], lines[at + 1] = lines[at + 1], lines[at]
    assert differences(read(tmp_path, BEFORE), read(tmp_path, "\n".join(lines))) == (
        f"{what} stand in another order",
    )

"""`watchdogs:` are read as they are written, and every fault is found at its place."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from jsonschema import ValidationError, validate

from gateway.model.durations import MINUTE
from gateway.model.rules.route import Hours
from gateway.model.rules.rulebook import Rulebook
from gateway.rules.files import differences, load_rules, rules_schema

BASE = """destinations:
  chat:  {slack: {channel: C024BE91L}}
  pager: {pagerduty: {routing_key: {env: PAGERDUTY_ROUTING_KEY}}}
  ops:   {email: {to: [ops@example.org], from: alerts@example.org}}
routes:
  - {name: everything, notify: [chat, ops], page: [pager]}
"""
EU = "sources: [{name: eu, token: {env: EU}, match: ['cluster=~\"eu-.*\"'], group_interval: 3m, repeat_interval: 30m}]\n"
BOTH = EU.replace("]}]", "]}").removesuffix("]\n") + ", {name: us, token: {env: US}, repeat_interval: 1h}]\n"
WATCHED = "{name: w, match: ['alertname=\"Watchdog\"'], every: 6m}"
NOW = 1_800_000_000_000


def loaded(folder: Path, watchdog: str, sources: str = "") -> Rulebook:
    found = load_rules(written(folder, watchdog, sources), NOW)
    assert found.rulebook is not None, found.errors
    return found.rulebook


def written(folder: Path, watchdog: str, sources: str = "") -> Path:
    file = folder / "r.yaml"
    file.write_text(f"watchdogs: [{watchdog}]\n{sources}{BASE}", "utf-8")
    return file


def said(folder: Path, watchdog: str, sources: str = "") -> list[str]:
    found = load_rules(written(folder, watchdog, sources), NOW).findings
    return [str(one).removeprefix(f"{folder}/") for one in found]


def test_everything_that_can_be_said_of_a_watchdog(tmp_path: Path) -> None:
    text = (
        "{name: w, match: ['alertname=\"Watchdog\"', 'cluster=\"eu-1\"'], every: 6m, source: eu, notify: [chat], page: [pager], "
        "hold_resolves: true, not_during: [nights], owner: sre, reason: r}"
    )
    nights = 'time_intervals: [{name: nights, time_intervals: [{times: [{start_time: "20:00", end_time: "24:00"}]}]}]\n'
    dog = loaded(tmp_path, text, EU + nights).watchdogs["w"]
    assert [str(one) for one in dog.match] == ['alertname="Watchdog"', 'cluster="eu-1"']
    assert (dog.every, dog.source, dog.notify, dog.page, dog.hold_resolves) == (
        6 * MINUTE,
        "eu",
        ("chat",),
        ("pager",),
        True,
    )
    assert (dog.hours, dog.owner, dog.reason) == (Hours((), ("nights",)), "sre", "r")
    assert str(dog.origin).endswith("r.yaml:1")


@pytest.mark.parametrize(
    ("sources", "name"), [("", "default"), (EU, "eu")], ids=["no source is listed", "one is"]
)
def test_its_source_is_the_only_one_that_there_is(tmp_path: Path, sources: str, name: str) -> None:
    assert loaded(tmp_path, WATCHED, sources).watchdogs["w"].source == name


def test_the_one_that_has_no_name_is_called_default(tmp_path: Path) -> None:
    assert (
        loaded(tmp_path, WATCHED.replace("}", ", source: default}"), BOTH).watchdogs["w"].source == "default"
    )


def test_what_the_whole_file_is_within_holds_for_heartbeats_too(tmp_path: Path) -> None:
    dog = loaded(tmp_path, WATCHED, "within: ['team=\"a\"']\n").watchdogs["w"]
    assert [str(one) for one in dog.match] == ['team="a"', 'alertname="Watchdog"']


@pytest.mark.parametrize(
    ("watchdog", "sources", "wanted"),
    [
        ("{match: [a=b], every: 6m}", "", ["r.yaml:1:13: `name` is missing"]),
        ("{name: w, every: 6m}", "", ["r.yaml:1:13: `match` is missing"]),
        ("{name: w, match: [a=b]}", "", ["r.yaml:1:13: `every` is missing"]),
        ("{name: w, match: [], every: 6m}", "", ["r.yaml:1:30: every alert would be a heartbeat, and nobody would be told of any"]),
        ("{name: w, match: [a=b], every: 0s}", "", ["r.yaml:1:44: `every` has to be longer than nothing"]),
        ("{name: w, match: [a=b], every: 6m, evry: 1m}", "", ["r.yaml:1:48: unknown key `evry`; did you mean `every`?"]),
        ("{name: w, match: [a=b], every: 6m, mode: shadow}", "", ["r.yaml:1:48: `mode` is not available in this version"]),
        ("{name: w, match: [a=b], every: 6m, page: [pagr]}", "", ["r.yaml:1:55: unknown destination `pagr`; did you mean `pager`?"]),
        ("{name: w, match: [a=b], every: 6m, notify: [pager]}", "", ["r.yaml:1:57: `pager` is PagerDuty, which always interrupts: it belongs into `page`"]),
        ("{name: w, match: [a=b], every: 6m, page: [ops]}", "", ["r.yaml:1:55: `ops` is mail, which wakes nobody: it belongs into `notify`, or into `fallback` of what pages"]),
        ("{name: w, match: [a=b], every: 6m, source: eur}", EU, ["r.yaml:1:56: unknown source `eur`; did you mean `eu`?"]),
        ("{name: w, match: [a=b], every: 6m}", BOTH, ["r.yaml:1:13: `source` is missing: which one's heartbeat is it, of eu, us?"]),
        ("{name: w, match: [a=b], every: 6m, hold_resolves: perhaps}", "", ["r.yaml:1:63: true or false is needed"]),
        (f"{WATCHED}, {WATCHED}", "", ["r.yaml:1:68: watchdog `w` stands in r.yaml:1 already"]),
        ("{name: w, match: [a=b], every: 5m}", EU, ["r.yaml:1:13: warning: `every` of `w` is under 2 × `group_interval` of `eu`: one heartbeat that is late or lost would page; give it a route of its own in alertmanager.yml with a shorter one, or wait longer"]),
        ("{name: w, match: ['cluster=\"us\"'], every: 6m}", EU, ["r.yaml:1:13: warning: `eu` may not send cluster=\"us\" with cluster=~\"eu-.*\": no heartbeat of `w` can come"]),
    ],
)  # fmt: skip
def test_faults_are_named_with_their_place(
    tmp_path: Path, watchdog: str, sources: str, wanted: list[str]
) -> None:
    assert [one.replace(f"{tmp_path}/", "") for one in said(tmp_path, watchdog, sources)] == wanted


def test_an_interval_that_is_not_written_is_not_known(tmp_path: Path) -> None:
    assert said(tmp_path, "{name: w, match: [a=b], every: 2m}", EU.replace(" group_interval: 3m,", "")) == []


def test_a_destination_that_only_a_watchdog_names_is_used(tmp_path: Path) -> None:
    text = BASE.replace(", page: [pager]", "")
    (tmp_path / "r.yaml").write_text(
        f"watchdogs: [{WATCHED.replace('}', ', page: [pager]}')}]\n{text}", "utf-8"
    )
    assert load_rules(tmp_path, NOW).findings == ()


def test_a_reload_says_what_changed(tmp_path: Path) -> None:
    old = loaded(tmp_path, WATCHED)
    new = loaded(tmp_path, WATCHED.replace("6m}", "10m, hold_resolves: true}"))
    assert differences(old, new) == (
        "watchdog `w`: every 6m -> 10m",
        "watchdog `w`: hold_resolves false -> true",
    )
    assert differences(new, loaded(tmp_path, ""))[0].startswith("watchdog `w` removed (was ")


@pytest.mark.parametrize(
    ("more", "fits"),
    [("", True), (", source: eu, page: [pager], hold_resolves: true", True), (", evry: 1m", False)],
)
def test_editors_know_the_same_keys(more: str, fits: bool) -> None:
    document = yaml.safe_load(f"watchdogs: [{WATCHED.replace('}', more + '}')}]\n{BASE}")
    if fits:
        validate(document, rules_schema())
    else:
        with pytest.raises(ValidationError):
            validate(document, rules_schema())

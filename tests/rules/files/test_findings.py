"""What is wrong with a rule file is said at its line and column, and nothing that stands in one is raised."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.rules.files import Loaded, load_rules

CHAT = "destinations:\n  chat: {slack: {channel: C1}}\n"
PAGER = CHAT + "  pager: {pagerduty: {routing_key: {env: KEY}}}\n"

NOW = 1_800_000_000_000


def load(folder: Path, text: str) -> Loaded:
    (folder / "a.yaml").write_text(text, "utf-8")
    return load_rules(folder, NOW)


def said(loaded: Loaded, folder: Path) -> list[str]:
    return [str(one).replace(f"{folder}/", "") for one in loaded.findings]


def routes(*lines: str, above: str = CHAT) -> str:
    return above + "routes:\n" + "".join(f"  - {line}\n" for line in lines)


ERRORS = [
    pytest.param(
        "labels: {ignore: [tenant]}\npartition_by: [tenant]\n",
        "2:16: label `tenant` is ignored (labels.ignore): it cannot keep partitions apart",
        id="a partition by an ignored label",
    ),
    pytest.param(
        "labels: {rename: {team: tenant}}\npartition_by: [tenant]\n",
        "2:16: label `tenant` is renamed (labels.rename): it cannot keep partitions apart",
        id="a partition by a renamed label",
    ),
    pytest.param(
        "policy: {silences: {reason: perhaps}}\n",
        "1:29: `perhaps` is not known here: write optional or required",
        id="a word that silences do not know",
    ),
    pytest.param(
        "policy: {silences: {ticket: '('}}\n",
        "1:29: the pattern '(' is no RE2 expression: missing ): ^(?:()$",
        id="a bad ticket pattern",
    ),
    pytest.param("policy: {silences: {warn_share: 20}}\n", "1:33: a share is a number from 0 to 1, such as 0.2", id="a share"),
    pytest.param("policy: {silences: {longest: 0s}}\n", "1:30: `longest` has to be longer than nothing", id="no length"),
    pytest.param("rotues: []\n", "1:1: unknown key `rotues`; did you mean `routes`?", id="an unknown section"),
    pytest.param("storm: []\n", "1:1: `storm` is not available in this version", id="a section of a later version"),
    pytest.param(
        routes("{name: a, notify: [chat], digest: [chat]}"),
        "4:31: `digest` is not available in this version",
        id="a route's key of a later version",
    ),
    pytest.param(
        "correlate:\n  - {name: a, onset: 1m}\n",
        "2:15: `onset` is not available in this version",
        id="a correlate key of later",
    ),
    pytest.param(
        CHAT + "policy: {audit: [chat]}\n",
        "3:18: `chat` takes no audit trail: name a {webhook: …} destination",
        id="an audit trail to people",
    ),
    pytest.param(
        "destinations:\n  audit: {webhook: {url: {env: U}}}\npolicy: {audit: [adit]}\n",
        "3:18: unknown destination `adit`; did you mean `audit`?",
        id="an audit trail to nowhere",
    ),
    pytest.param("policy: {act: {}}\n", "1:10: `act` is not available in this version", id="a policy of a later version"),
    pytest.param(
        "destinations:\n  a: {webhook: {url: https://audit.example}}\n",
        "2:22: a secret never stands in a rule file: write {env: NAME} and set NAME in the environment",
        id="an address in a rule file",
    ),
    pytest.param(
        "destinations:\n  a: {webhook: {token: {env: T}}}\n",
        "2:16: `url` is missing: {env: AUDIT_URL}, the variable that holds the receiver's address",
        id="a webhook without an address",
    ),
    pytest.param(
        "destinations:\n  a: {webhook: {url: {env: U}, sceret: {env: S}}}\n",
        "2:32: unknown key `sceret`; did you mean `secret`?",
        id="an unknown key of a webhook",
    ),
    pytest.param(
        "destinations:\n  a: {webhook: {url: {env: U}}, slack: {channel: C1}}\n",
        "2:6: a destination is one of {slack: …}, {pagerduty: …} and {webhook: …}",
        id="a destination of two kinds",
    ),
    pytest.param(
        routes("{name: a, notify: [chat], group_wiat: 1s}"),
        "4:31: unknown key `group_wiat`; did you mean `group_wait`?",
        id="an unknown key of a route",
    ),
    pytest.param(
        routes("{name: a, notify: [chad]}"),
        "4:24: unknown destination `chad`; did you mean `chat`?",
        id="an unknown destination",
    ),
    pytest.param(
        routes("{name: all, notify: [chat]}", "{name: b, parent: al}"),
        "5:23: unknown parent `al`; did you mean `all`?",
        id="an unknown parent",
    ),
    pytest.param(
        routes("{name: a, parent: a, notify: [chat]}"), "4:23: the parents of `a` lead back to it", id="a route below itself"
    ),
    pytest.param(
        routes("{name: a, notify: [pager]}", above=PAGER),
        "5:24: `pager` is PagerDuty, which always interrupts: it belongs into `page`",
        id="PagerDuty in notify",
    ),
    pytest.param(
        "destinations:\n  a: {slack: {channel: C1}, fallback: [b]}\n",
        "2:40: unknown destination `b`",
        id="an unknown fallback",
    ),
    pytest.param(
        "destinations:\n  a: {slack: {channel: C1}, fallback: [a]}\n",
        "2:3: the fallbacks of `a` lead back to it",
        id="a fallback to itself",
    ),
    pytest.param(
        routes("{name: a, notify: [chat], group_wait: soon}"),
        "4:43: `soon` is no duration: write it like 90s, 15m, 2h30m or 7d",
        id="a bad duration",
    ),
    pytest.param(
        routes("{name: a, notify: [chat], group_wait: 10}"),
        "4:43: `10` is no duration: write it like 90s, 15m, 2h30m or 7d",
        id="a duration without a unit",
    ),
    pytest.param(
        routes("{name: a, notify: [chat], match: [5]}"),
        "4:39: a text is needed, not a number: quote it, '5'",
        id="a number where a text is needed",
    ),
    pytest.param(
        "labels: {ignore: [null]}\n",
        "1:19: a text is needed, not nothing: quote it, 'null'",
        id="nothing where a text is needed",
    ),
    pytest.param("routes: null\n", "1:9: a list is needed, not nothing", id="an empty section"),
    pytest.param("routes: {name: a}\n", "1:9: a list is needed, not a mapping", id="a mapping where a list is needed"),
    pytest.param("- a\n", "1:1: a mapping is needed, not a list", id="a file that is a list"),
    pytest.param("labels: {}\nlabels: {}\n", "2:1: `labels` stands here twice", id="a key twice"),
    pytest.param(
        routes("{name: a, notify: [chat], page_when: {}}"),
        "4:42: `page_when` is {any: […]} or {all: […]}",
        id="empty page_when",
    ),
    pytest.param(
        routes("{name: a, notify: [chat], page_when: {any: []}}"),
        "4:48: at least one condition is needed: {severity: critical}, {alerts: 2} or {match: […]}",
        id="page_when without a condition",
    ),
    pytest.param(
        routes("{name: a, notify: [chat], page_when: {any: [{severity: critcal}]}}"),
        "4:60: unknown severity `critcal`; did you mean `critical`?",
        id="an unknown severity in page_when",
    ),
    pytest.param("labels: {severity: {map: {x: y}}}\n", "1:30: unknown severity `y`", id="an unknown severity in the map"),
    pytest.param("labels: {severity: {default: y}}\n", "1:30: unknown severity `y`", id="an unknown severity by default"),
    pytest.param(
        'destinations:\n  a: {slack: {channel: "#{team}"}}\n',
        "2:24: a channel from a label needs `allow`, the values that may stand in it",
        id="a channel from a label without allow",
    ),
    pytest.param(
        "destinations:\n  a: {slack: {channel: C1, allow: [x]}}\n",
        "2:35: `allow` is for channels from a label, such as '#{team}-oncall'",
        id="allow without a channel from a label",
    ),
    pytest.param(
        'destinations:\n  a: {slack: {channel: "#{team", allow: [x]}}\n',
        "2:24: `#{team` has a brace that belongs to no {label}",
        id="a brace that is not closed",
    ),
    pytest.param(routes('{name: "", notify: [chat]}'), "4:12: `` is not possible here: a name is needed", id="an empty name"),
    pytest.param(
        routes('{name: a, parent: "", notify: [chat]}'), "4:23: `` is not possible here: a name is needed", id="an empty parent"
    ),
    pytest.param(routes('{name: a, notify: [""]}'), "4:24: `` is not possible here: a name is needed", id="an empty reference"),
    pytest.param("sources: [{match: []}]\n", "1:11: `name` is missing", id="a source without a name"),
    pytest.param(
        "sources: [{name: a/b}]\n",
        "1:18: `a/b` is not possible here: a name of letters, digits, _ . and - is needed",
        id="a source's name that its copies could not carry",
    ),
    pytest.param(
        "sources: [{name: gateway}]\n",
        "1:18: `gateway` is the source of the gateway's own alerts: take another name",
        id="a source with our own name",
    ),
    pytest.param(
        "sources:\n  - {name: a, token: {env: A}}\n  - {name: a, token: {env: B}}\n",
        "3:5: source `a` stands in a.yaml:2 already",
        id="two sources of one name",
    ),
    pytest.param(
        "sources:\n  - {name: a, token: {env: T}}\n  - {name: b, token: {env: T}}\n",
        "3:5: `b` and `a` have one token, T: what comes could be of either",
        id="two sources with one token",
    ),
    pytest.param(
        "sources: [{name: a}, {name: b}]\n",
        "1:22: `b` and `a` have no `token`: what comes could be of either",
        id="two sources without a token",
    ),
    pytest.param(
        "sources: [{name: a, alertmanager: [{env: AM}]}]\n",
        "1:35: `receiver` is missing: which of Alertmanager's alerts come here?",
        id="peers to ask without a receiver",
    ),
    pytest.param(
        "sources: [{name: a, alertmanager: ['http://user:secret@am'], receiver: gw}]\n",
        "1:36: a secret never stands in a rule file: write {env: NAME} and set NAME in the environment",
        id="a peer's address, which may hold a password",
    ),
    pytest.param("routes:\n\t- name: a\n", "2:1: not YAML: found character that cannot start any token", id="a tab"),
    pytest.param("routes: [\n", "2:1: not YAML: did not find expected node content", id="a bracket that is not closed"),
    pytest.param("labels: {}\n---\nlabels: {}\n", "2:1: not YAML: but found another document", id="a second document"),
]


@pytest.mark.parametrize(("text", "expected"), ERRORS)
def test_an_error_names_its_place_and_the_remedy(text: str, expected: str, tmp_path: Path) -> None:
    loaded = load(tmp_path, text)
    assert [line for line in said(loaded, tmp_path) if "warning: " not in line] == [f"a.yaml:{expected}"]
    assert loaded.rulebook is None


def test_a_bad_matcher_is_shown_at_the_place_inside_of_its_quotes(tmp_path: Path) -> None:
    loaded = load(tmp_path, routes("""{name: a, notify: [chat], match: ['team="x', 'a="b"']}"""))
    (line,) = said(loaded, tmp_path)
    assert line.startswith('a.yaml:4:47: bad matcher `team="x`: ')


def test_a_name_given_twice_names_the_first_place(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text('routes:\n  - {name: a, match: [x="1"]}\n', "utf-8")
    loaded = load(tmp_path, routes("""{name: a, notify: [chat], match: ['y="1"']}"""))
    (line,) = [str(one) for one in loaded.errors]
    assert line == f"{tmp_path}/b.yaml:2:5: route `a` stands in {tmp_path}/a.yaml:4 already"


WARNINGS = [
    pytest.param(
        routes("{name: all, notify: [chat]}", "{name: b, notify: [chat], match: ['x=\"1\"']}"),
        "5:5: warning: route `b` is never reached: `all` (a.yaml:4) takes everything before it",
        id="a route behind one that takes everything",
    ),
    pytest.param(
        routes("{name: a, notify: [chat], match: ['x=\"1\"']}", "{name: b, notify: [chat], match: ['y=\"1\"', 'x=\"1\"']}"),
        "5:5: warning: route `b` is never reached: `a` (a.yaml:4) takes everything before it",
        id="a route behind one with fewer matchers",
    ),
    pytest.param(
        routes("{name: all, notify: [chat]}") + "correlate:\n  - {name: a}\n  - {name: b, match: ['x=\"1\"']}\n",
        "7:5: warning: correlate rule `b` is never reached: `a` (a.yaml:6) takes everything before it",
        id="a correlate rule behind one that takes everything",
    ),
    pytest.param(
        routes("{name: all, notify: [chat, too]}", above=CHAT + "  too: {slack: {channel: C1}}\n"),
        "3:3: warning: `too` and `chat` are the same place: whoever looks there is told twice",
        id="two destinations that are one channel",
    ),
    pytest.param(
        routes("{name: all, notify: [chat]}") + "sources: [{name: eu}]\n",
        "5:11: warning: `eu` has no `repeat_interval`: its silence means nothing, and an end that is lost is never noticed;"
        " say what alertmanager.yml says",
        id="a source whose silence means nothing",
    ),
    pytest.param(
        routes("{name: all, notify: [chat]}")
        + "sources: [{name: eu, group_interval: 1m, repeat_interval: 30m, stale_after: 30m}]\n",
        "5:11: warning: `stale_after` of `eu` is over before the next repeat: what fires would be taken for ended",
        id="a source that is stale before its next repeat",
    ),
    pytest.param(
        routes("{name: all, notify: [chat]}")
        + "sources: [{name: eu, repeat_interval: 30m, match: ['c=\"eu\"', 'c!~\"eu.*\"']}]\n",
        '5:51: warning: no alert satisfies c="eu" and c!~"eu.*": nothing is let in',
        id="a source that lets nothing in",
    ),
    pytest.param(CHAT, "2:3: warning: destination `chat` is used by no route", id="a destination that nobody uses"),
    pytest.param(
        "routes:\n  - {name: a}\n",
        "2:5: warning: route `a` tells nobody: its alerts are suppressed(unrouted)",
        id="a route that tells nobody",
    ),
]


@pytest.mark.parametrize(("text", "expected"), WARNINGS)
def test_a_warning_leaves_the_rules_usable(text: str, expected: str, tmp_path: Path) -> None:
    loaded = load(tmp_path, text)
    assert said(loaded, tmp_path) == [f"a.yaml:{expected}"]
    assert loaded.rulebook is not None


def test_a_route_that_goes_on_takes_nothing_from_the_next(tmp_path: Path) -> None:
    loaded = load(tmp_path, routes("{name: a, notify: [chat], continue: true}", "{name: b, notify: [chat]}"))
    assert loaded.findings == ()


SECRETS = [
    pytest.param("xoxb-1234-secret", id="in the place of the name"),
    pytest.param("{env: xoxb-1234-secret}", id="as the variable's name"),
    pytest.param("{env: 0123456789}", id="as a number"),
    pytest.param("{xoxb-1234-secret}", id="as a key"),
    pytest.param("{env: A, xoxb-1234-secret: b}", id="beside the name"),
    pytest.param("[xoxb-1234-secret]", id="in a list"),
    pytest.param("{env: a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6}", id="as a routing key that could be a name"),
]


@pytest.mark.parametrize("written", SECRETS)
def test_a_literal_secret_is_refused_and_not_shown(written: str, tmp_path: Path) -> None:
    loaded = load(
        tmp_path, routes("{name: a, notify: [c]}", above=f"destinations:\n  c: {{slack: {{channel: C1, token: {written}}}}}\n")
    )
    (line,) = [str(one) for one in loaded.errors]
    assert "secret" in line
    assert not any(part in line for part in ("1234", "0123456789", "a1b2c3"))

"""Rule files in a folder of a test: written, loaded, and what was found in them."""

from __future__ import annotations

from pathlib import Path

from gateway.model.matchers import parse_matchers
from gateway.model.rules.rulebook import Rulebook
from gateway.rules.files import Loaded, load_rules

CHAT = "destinations:\n  chat: {slack: {channel: C1}}\n"

MAIL = CHAT + "  ops: {email: {to: [ops@example.org], from: alerts@example.org}}\n"
PAGER = CHAT + "  pager: {pagerduty: {routing_key: {env: KEY}}}\n"

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
  thing: [queue]
  scope: [cluster]
  redact: [customer_email]
  links: {runbook: runbook, dashboard: dashboard_url}
destinations:
  ops-slack:  {slack: {channel: C024BE91L}}
  team-slack: {slack: {channel: "#{team}-oncall", allow: [payments, search]}, fallback: [ops-slack]}
  pay-slack:  {slack: {channel: "#payments", token: {env: PAY_BOT}, mention_on_page: ["@payments-oncall"]}}
  pay-pager:  {pagerduty: {routing_key: {env: PAGERDUTY_PAYMENTS_KEY}, service: PXXXXXX}, fallback: [pay-slack], fallback_after: 3m}
  mail:       {email: {to: [ops@example.org, dev@example.org], from: alerts@example.org}}
routes:
  - {name: everything, notify: [ops-slack, team-slack, mail], group_wait: 20s, update_interval: 1m, resolve_after: 0s, remind: 4h}
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


def load(folder: Path, text: str) -> Loaded:
    (folder / "a.yaml").write_text(text, "utf-8")
    return load_rules(folder, NOW)


def said(loaded: Loaded, folder: Path) -> list[str]:
    return [str(one).replace(f"{folder}/", "") for one in loaded.findings]


def routes(*lines: str, above: str = CHAT) -> str:
    return above + "routes:\n" + "".join(f"  - {line}\n" for line in lines)


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


def errors_of(text: str, folder: Path) -> list[str]:
    """The errors of a file of this text, each as line, column and message; such rules are not usable."""
    loaded = load(folder, text)
    assert loaded.rulebook is None
    return [line.removeprefix("a.yaml:") for line in said(loaded, folder) if "warning: " not in line]


def warnings_of(text: str, folder: Path) -> list[str]:
    """Everything that is found in a file of this text, of which the rules are usable all the same."""
    loaded = load(folder, text)
    assert loaded.rulebook is not None
    return [line.removeprefix("a.yaml:") for line in said(loaded, folder)]

"""The rules of a gateway in the stack: the starter set, a watchdog, and two Alertmanagers to ask."""

from __future__ import annotations

from gateway.cli.stack.shipped import shorter

TOKEN = "STACK_WEBHOOK_TOKEN"  # noqa: S105 - the name of a variable
ALERTMANAGERS = ("STACK_ALERTMANAGER_0", "STACK_ALERTMANAGER_1")
"""The variables with the addresses of the pair."""

RULES = f"""# Rules of a gateway in the stack; every wait is shorter than in life.
labels:
  service: [service, app, job]
destinations:
  chat:  {{slack: {{channel: "#alerts", mention_on_page: ["@here"]}}}}
  pager: {{pagerduty: {{routing_key: {{env: PAGERDUTY_ROUTING_KEY}}}}, fallback: [chat]}}
routes:
  - name: everything
    notify: [chat]
    page: [pager]
    page_when: {{any: [{{severity: critical}}]}}
    group_wait: GROUP_WAIT
    update_interval: UPDATE_INTERVAL
    resolve_after: RESOLVE_AFTER
correlate:
  - {{name: one-each, by: [alertname, service], window: WINDOW}}
sources:
  - name: stack
    token: {{env: {TOKEN}}}
    alertmanager: [{", ".join(f"{{env: {name}}}" for name in ALERTMANAGERS)}]
    receiver: gateway
    group_interval: GROUP_INTERVAL
    repeat_interval: REPEAT_INTERVAL
watchdogs:
  - {{name: prometheus, match: ['alertname="Watchdog"'], every: HEARTBEAT}}
"""
WAITS = {
    "GROUP_WAIT": 10,
    "UPDATE_INTERVAL": 30,
    "RESOLVE_AFTER": 60,
    "WINDOW": 600,
    "GROUP_INTERVAL": 10,
    "REPEAT_INTERVAL": 1_800,
    "HEARTBEAT": 300,
}
"""Seconds in life; the intervals are those of deploy/alertmanager.yml."""


def gateway_rules(speed: float) -> str:
    """Return the rules, whose waits are `speed` times shorter than in life."""
    rules = RULES
    for name, seconds in WAITS.items():
        rules = rules.replace(f": {name}", f": {shorter(seconds, speed)}")
    return rules

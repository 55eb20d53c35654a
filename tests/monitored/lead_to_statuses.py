"""The parts of the walk that lead to the statuses of answers, door by door."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from gateway.sandbox.pagerduty.subscriptions import DEFAULT_SECRET as PAGERDUTY_SECRET
from gateway.sandbox.pagerduty.subscriptions import sign as sign_for_pagerduty
from gateway.sandbox.slack.app import DEFAULT_SECRET as SLACK_SECRET
from gateway.sandbox.slack.app import sign as sign_for_slack
from tests.monitored.lead_to_answers import HOOK
from tests.monitored.lead_to_reasons import COPIES, at
from tests.monitored.signals import WITHOUT, Group
from tests.monitored.walk import Walk, clauses_of, items, leads_to
from tests.support.processes import alert, body
from tests.support.servers import redis_server

ADMIN = {"authorization": "Bearer an-admin-token"}
PAY = alert("pay", starts=at("10:00"))
OF_VENDORS = ("PagerDuty's webhook", "Slack's requests")
AWAY = tuple(
    item
    for item in items(Group.HTTP)
    if item.name in ("503: API", "503: Alertmanager's webhook", "503: probes and metrics")
)
SIGNED = tuple(
    item for item in items(Group.HTTP) if item.name.endswith(OF_VENDORS) and not item.name.startswith("503")
)


PAGERDUTY = "/webhooks/pagerduty"
SECRETS = {"SLACK_SIGNING_SECRET": SLACK_SECRET, "PAGERDUTY_WEBHOOK_SECRET": PAGERDUTY_SECRET}
ACKNOWLEDGED = {
    "id": "1",
    "event_type": "incident.acknowledged",
    "occurred_at": "2026-11-23T10:00:00Z",
    "agent": {"id": "P1", "type": "user_reference", "summary": "Ann"},
    "data": {"id": "Q1", "type": "incident", "incident_key": "abcdefghijkm.1"},
}


async def asked(walk: Walk, method: str, path: str, status: int, **more: Any) -> None:
    answer = await walk.app.client.request(method, path, **more)
    assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"


@leads_to(
    *(item for item in items(Group.HTTP) if item not in (*AWAY, *SIGNED, *WITHOUT)),
    *clauses_of(
        "inbound/api/router.py: Api._endpoint.endpoint, Refusal",
        "inbound/webhooks/alertmanager.py: AlertmanagerWebhook.__call__",
        "inbound/webhooks/readers.py",
    ),
)
async def requests_are_answered_at_every_door(walk: Walk) -> None:
    app = await walk.start(
        COPIES,
        GATEWAY_ADMIN_TOKEN="an-admin-token",
        GATEWAY_WEBHOOK_TOKEN="a-token-of-ours",
        GATEWAY_MAX_BODY="20000",
    )
    for path in ("/slack/commands", "/webhooks/pagerduty"):  # their secrets are not set
        await asked(walk, "POST", path, 503)
    await of_the_api(walk)
    await asked(walk, "POST", HOOK, 401, json=body(PAY))
    hook = {"authorization": "Bearer a-token-of-ours"}
    await asked(walk, "POST", HOOK, 200, json=body(PAY), headers=hook)
    await asked(walk, "POST", HOOK, 400, json={"text": "hello"}, headers=hook)
    await asked(walk, "PUT", HOOK, 405, json=body(PAY), headers=hook)
    await asked(walk, "POST", HOOK, 413, content=b"x" * 30_000, headers=hook)
    await asked(walk, "GET", "/health/deep", 200, headers=ADMIN)
    await asked(walk, "GET", "/health/deep", 401)
    await asked(walk, "GET", "/nowhere", 404)
    await asked(walk, "DELETE", "/api/v1/rules", 405)
    # Faults of ours: what a webhook needs, and what the API needs, is broken.
    in_force, app.gateway.reloader.in_force = app.gateway.reloader.in_force, None  # type: ignore[assignment]
    with pytest.raises(AttributeError):  # which the server of a process only logs
        await app.ask("/api/v1/rules", headers=ADMIN)
    app.gateway.reloader.in_force = in_force
    app.gateway.asgi_app._webhooks._hand_over = None  # type: ignore[attr-defined]
    await asked(walk, "POST", HOOK, 500, json=body(PAY), headers=hook)


async def of_the_api(walk: Walk) -> None:
    incidents = "/api/v1/incidents"
    await asked(walk, "GET", incidents, 401)
    await asked(walk, "GET", incidents, 200, headers=ADMIN)
    await asked(walk, "GET", f"{incidents}?limit=many", 400, headers=ADMIN)
    await asked(walk, "GET", incidents, 403, headers=ADMIN | {"host": "elsewhere.example"})
    await asked(walk, "GET", f"{incidents}/nothing", 404, headers=ADMIN)
    pause = "/api/v1/orders/pause"
    await asked(
        walk, "POST", pause, 409, json={"by": "ann", "duration": "100000d", "reason": "x"}, headers=ADMIN
    )
    await asked(walk, "POST", pause, 413, json={"by": "a" * 70_000}, headers=ADMIN)
    await asked(walk, "POST", pause, 415, content=b"{}", headers=ADMIN)


@leads_to(
    *SIGNED,
    *clauses_of(
        "inbound/webhooks/pagerduty.py: PagerDutyEndpoint._hear, ValueError",
        "inbound/webhooks/slack.py",
        "outbound/slack/interactions.py",
    ),
)
async def vendors_call_with_and_without_their_signature(walk: Walk) -> None:
    await walk.start(COPIES, **SECRETS)
    await from_pagerduty(walk, b"no JSON", 202)
    await from_pagerduty(walk, b'{"event": {"id": "1", "event_type": "pagey.ping"}}', 200)
    await asked(walk, "POST", PAGERDUTY, 403, content=b"{}")
    await asked(walk, "POST", PAGERDUTY, 413, content=b" " * 2_000_000)
    await asked(walk, "POST", "/slack/commands", 401, content=b"command=x")
    await asked(walk, "POST", "/slack/commands", 413, content=b" " * 2_000_000)
    pressed = b"payload=%7B%22type%22%3A%22block_actions%22%7D"  # and nothing of what was
    for content, status in (
        (pressed, 200),
        (b"payload=%7B%7D", 200),
        (b"payload=x", 400),
        (b"payload=x", 409),
    ):
        await from_slack(walk, "/slack/interactivity", content, status)


async def from_pagerduty(walk: Walk, content: bytes, status: int) -> None:
    shown = {"x-pagerduty-signature": sign_for_pagerduty(PAGERDUTY_SECRET, content)}
    await asked(walk, "POST", PAGERDUTY, status, content=content, headers=shown)


async def from_slack(walk: Walk, path: str, content: bytes, status: int) -> None:
    stamp = str(int(time.time()))
    signature = sign_for_slack(SLACK_SECRET, stamp, content)
    shown = {"x-slack-request-timestamp": stamp, "x-slack-signature": signature}
    await asked(walk, "POST", path, status, content=content, headers=shown)


@leads_to(
    *AWAY,
    *clauses_of(
        "inbound/api/router.py: Api._endpoint.endpoint, StateUnavailable",
        "inbound/asked_store.py",
        "actions/slack_commands.py: SlackCommands.hear",
        "inbound/webhooks/alertmanager.py: AlertmanagerWebhook._take, StateUnavailable",
        "inbound/webhooks/pagerduty.py: PagerDutyEndpoint._hear, TimeoutError",
        "storage/connections/client.py: Client._answered",
    ),
)
async def the_store_goes_away(walk: Walk) -> None:
    with redis_server("valkey") as url:
        app = await walk.start(COPIES, GATEWAY_REDIS_URL=url, GATEWAY_ADMIN_TOKEN="an-admin-token", **SECRETS)
    await app.webhook(PAY)
    await asked(walk, "GET", "/api/v1/incidents", 503, headers=ADMIN)
    await asked(walk, "GET", "/readyz", 503)
    await asked(walk, "GET", "/health/deep", 503, headers=ADMIN)
    await from_pagerduty(walk, json.dumps({"event": ACKNOWLEDGED}).encode(), 503)
    await from_slack(
        walk,
        "/slack/commands",
        b"command=%2Falerts&text=&user_id=U0ALICE&team_id=T1&channel_id=C1&trigger_id=1",
        200,
    )

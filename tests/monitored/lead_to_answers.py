"""The parts of the walk that lead to the answers of vendors, and to what is turned away."""

from __future__ import annotations

from gateway.model.turned_away import TurnedAwayReason
from gateway.sandbox import Fault, FaultKind
from tests.monitored.lead_to_reasons import COPIES, at, opened
from tests.monitored.signals import Group
from tests.monitored.walk import Walk, items, leads_to
from tests.support.processes import alert, body


@leads_to(*items(Group.ANSWER))
async def slack_takes_refuses_and_gives_no_answer(walk: Walk) -> None:
    app = await walk.start(COPIES)
    app.slack.faults.add(Fault(FaultKind.RATE_LIMIT, method="chat.postMessage", count=1))
    await opened(walk, "pay")
    app.slack.faults.add(Fault(FaultKind.CUT_AFTER, method="chat.postMessage", count=1))
    await opened(walk, "cart")


HOOK = "/webhooks/alertmanager"


@leads_to(*(item for item in items(Group.TURNED_AWAY) if item.name != TurnedAwayReason.OUTSIDE_SOURCE))
async def senders_are_turned_away(walk: Walk) -> None:
    app = await walk.start(COPIES, GATEWAY_WEBHOOK_TOKEN="a-token-of-ours", GATEWAY_MAX_BODY="20000")
    pay = alert("pay", starts=at("10:00"))
    for path in (HOOK, "/webhook"):
        await app.client.post(path, json=body(pay))
    await app.client.put(HOOK, json=body(pay))
    app.client.headers["authorization"] = "Bearer a-token-of-ours"
    await app.client.post(HOOK, json={"text": "hello"})
    await app.client.post(HOOK, content=b"x", headers={"content-encoding": "gzip"})
    await app.client.post(HOOK, content=b"x" * 30_000)
    await app.webhook({"status": "firing", "labels": {}})
    await app.webhook(alert("many", starts=at("10:00"), **{f"l{number}": "x" for number in range(300)}))
    await app.client.post(HOOK, json=body(pay) | {"truncatedAlerts": 3})

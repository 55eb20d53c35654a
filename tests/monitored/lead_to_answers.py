"""The parts of the walk that lead to the answers of vendors, and to what is turned away."""

from __future__ import annotations

from gateway.model.turned_away import TurnedAwayReason
from gateway.sandbox import Fault, FaultKind, MailSandbox
from tests.monitored.lead_to_reasons import COPIES, at, opened
from tests.monitored.signals import Group
from tests.monitored.walk import Walk, clauses_of, items, leads_to
from tests.support.processes import alert, body


@leads_to(
    *items(Group.ANSWER),
    *clauses_of(
        "outbound/slack/threads.py: post",
        "outbound/slack/notifier.py: SlackNotifier.look, NotOk",
    ),
)
async def slack_takes_refuses_and_gives_no_answer(walk: Walk) -> None:
    app = await walk.start(COPIES)
    app.slack.faults.add(Fault(FaultKind.RATE_LIMIT, method="chat.postMessage", count=1))
    await opened(walk, "pay")
    app.slack.faults.add(Fault(FaultKind.CUT_AFTER, method="chat.postMessage", count=1))
    app.slack.faults.add(Fault(FaultKind.RATE_LIMIT, method="conversations.history", count=1))
    await opened(walk, "cart")


VENDORS = """
destinations:
  pager: {pagerduty: {routing_key: {env: PAGERDUTY_ROUTING_KEY}}}
  away:  {webhook: {url: {env: AWAY_URL}}}
  nowhere: {webhook: {url: {env: NOWHERE_URL}}}
  wrong: {webhook: {url: {env: WRONG_URL}}}
  mail:  {email: {to: [ops@mail.example, gone@mail.example], from: alerts@mail.example}}
  chat:  {slack: {channel: "#alerts", mention_on_page: ["@nobody-of-this-name"]}}
routes:
  - {name: chat, match: ['service="chat"'], page: [chat], group_wait: 0s}
  - {name: everything, notify: [away, nowhere, wrong, mail], page: [pager], group_wait: 0s}
"""


@leads_to(
    *clauses_of(
        "outbound/http_client.py",
        "outbound/mail/client.py",
        "outbound/mail/notifier.py",
        "outbound/names.py: Names._run",
        "outbound/slack/mentions.py: Mentions._id_of, NotOk",
        "outbound/pagerduty/sessions.py: Sessions.send, PDClientError",
        "outbound/webhook/notifier.py",
    )
)
async def every_other_vendor_fails(walk: Walk) -> None:
    async with MailSandbox.start() as mail:
        mail.faults.add(
            Fault(FaultKind.ERROR, method="rcpt", subject="gone@mail.example"),
            Fault(FaultKind.ERROR, method="data", count=1),
        )
        app = await walk.start(
            VENDORS,
            AWAY_URL="http://127.0.0.1:1/",
            NOWHERE_URL="http://nowhere.invalid/",
            WRONG_URL="nonsense",
            GATEWAY_SMTP_URL=mail.smtp_url,
        )
        app.slack.faults.add(Fault(FaultKind.ERROR, method="users*", error="internal_error"))
        app.pagerduty.faults.add(Fault(FaultKind.CUT_BEFORE, method="enqueue", count=1))
        app.pagerduty.faults.add(Fault(FaultKind.STATUS, method="enqueue", count=1, status=503))
        await app.webhook(alert("pay", starts=at("10:00")))
        await app.webhook(alert("chat", starts=at("10:00")))
        await walk.see()


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

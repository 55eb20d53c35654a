"""The parts of the walk that lead to the answers of vendors, and to what is turned away."""

from __future__ import annotations

from gateway.model.turned_away import TurnedAwayReason
from gateway.sandbox import Fault, FaultKind, MailSandbox
from tests.monitored.lead_to_reasons import COPIES, act, at, opened
from tests.monitored.signals import Group
from tests.monitored.walk import Walk, clauses_of, items, leads_to
from tests.support.processes import alert, body


@leads_to(
    *items(Group.ANSWER),
    *clauses_of(
        "outbound/slack/client.py",
        "outbound/slack/history.py",
        "outbound/slack/threads.py: post",
        "outbound/slack/notifier.py: SlackNotifier.look, NotOk",
    ),
)
async def slack_takes_refuses_and_gives_no_answer(walk: Walk) -> None:
    app = await walk.start(COPIES)
    app.slack.faults.add(
        Fault(FaultKind.RATE_LIMIT, method="chat.postMessage", count=1),
        Fault(FaultKind.CUT_AFTER, method="chat.postMessage", count=1),
        Fault(FaultKind.RATE_LIMIT, method="conversations.history", count=1),
        Fault(FaultKind.ERROR, method="conversations.list", error="missing_scope", count=1),
    )
    await opened(walk, "pay")
    await walk.see(*items(Group.ANSWER, "found"))
    app.slack.faults.add(Fault(FaultKind.ERROR, method="auth.test", count=1))
    incident = await opened(walk, "cart")
    # A reply whose answer is lost is looked for in its thread.
    app.slack.faults.add(
        Fault(FaultKind.CUT_AFTER, method="chat.postMessage", count=1),
        Fault(FaultKind.ERROR, method="conversations.replies", error="thread_not_found", count=1),
    )
    await act(walk, incident, "acknowledge", note="it is mine")


@leads_to(
    *clauses_of(
        "outbound/slack/channel_ids.py: ChannelIds.healed",
        "outbound/slack/threads.py: lead_to",
    )
)
async def messages_cannot_be_edited(walk: Walk) -> None:
    app = await walk.start(COPIES)
    incident = await opened(walk, "pay")
    app.slack.faults.add(
        Fault(FaultKind.ERROR, method="chat.update", error="edit_window_closed", count=1),
        Fault(FaultKind.ERROR, method="chat.getPermalink", count=1),
    )
    await act(walk, incident, "acknowledge")
    await walk.see(*clauses_of("outbound/slack/threads.py: lead_to"))
    # From now on its channel refuses everything for a while.
    app.slack.faults.add(
        Fault(FaultKind.ERROR, method="chat.update", error="channel_not_found", count=1),
        Fault(FaultKind.ERROR, method="conversations.list", count=1),
    )
    await act(walk, incident, "unacknowledge")


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
        "outbound/mail/notifier.py: MailNotifier._send, NotTaken",
        "outbound/names.py",
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


SECRETS = """
destinations:
  mail: {email: {to: [ops@mail.example], from: alerts@mail.example}}
  hook: {webhook: {url: {env: HOOK_URL}}}
routes:
  - {name: everything, notify: [mail, hook], group_wait: 0s}
"""


@leads_to(
    *clauses_of(
        "config/secrets.py",
        "outbound/mail/notifier.py: MailNotifier._send, ValueError",
    )
)
async def secrets_go_away_and_are_written_wrong(walk: Walk) -> None:
    mail, hook = walk.starter.folder / "mail", walk.starter.folder / "hook"
    mail.write_text("smtp://127.0.0.1:1", "utf-8")
    hook.write_text("http://127.0.0.1:1/", "utf-8")
    files = {"GATEWAY_SMTP_URL_FILE": str(mail), "HOOK_URL_FILE": str(hook)}
    app = await walk.start(SECRETS, **files)
    mail.write_text("nonsense", "utf-8")
    hook.unlink()
    await app.webhook(alert("pay", starts=at("10:00")))


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

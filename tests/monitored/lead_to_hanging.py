"""The part of the walk on which nobody answers: vendors take what is sent and say nothing, and a sender never finishes."""

from __future__ import annotations

import asyncio
from functools import partial
from urllib.parse import urlsplit

from gateway.sandbox import Fault, FaultKind
from gateway.sandbox.server import LocalServer
from tests.monitored.lead_to_reasons import act, at, incident_of
from tests.monitored.walk import Walk, clauses_of, leads_to
from tests.support.hostile_peers import HostilePeer, Talk, hostile, read_request
from tests.support.processes import alert

CHANNELS = ("posts", "replies", "looks", "leads", "calls")
HANGING = """
destinations:
  posts:   {slack: {channel: "#posts"}}
  replies: {slack: {channel: "#replies"}}
  looks:   {slack: {channel: "#looks"}}
  leads:   {slack: {channel: "#leads"}}
  calls:   {slack: {channel: "#calls", mention_on_page: ["@somebody"]}}
  pager:   {pagerduty: {routing_key: {env: PAGERDUTY_ROUTING_KEY}}}
  relay:   {pagerduty: {routing_key: {env: PAGERDUTY_ROUTING_KEY}, events_url: {env: RELAY_URL}}}
routes:
  - {name: posts, match: ['service=~"posts-.*"'], notify: [posts], group_wait: 0s}
  - {name: replies, match: ['service=~"replies-.*"'], notify: [replies], group_wait: 0s}
  - {name: looks, match: ['service=~"looks-.*"'], notify: [looks], group_wait: 0s}
  - {name: leads, match: ['service=~"leads-.*"'], notify: [leads], group_wait: 0s}
  - {name: calls, match: ['service=~"calls-.*"'], page: [calls], group_wait: 0s}
  - {name: pages, match: ['service=~"pages-.*"'], page: [pager, relay], group_wait: 0s}
"""
ATTEMPTS = 3
DEADLINES_SECONDS, LOOK_SECONDS = 18.0, 0.1  # the longest deadline is that of Socket Mode
INVALID = b'{"status": "invalid event", "message": "Event object is invalid", "errors": ["links is invalid"]}'
REFUSED_LATE = b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"


def refuses_late_and_then_hangs(peer: HostilePeer) -> Talk:
    """Refuse the first event after a second, so that a plainer form is sent, and say nothing of that one."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(peer, reader)
            if len(peer.heard) == 1:
                await asyncio.sleep(1)
                await peer.write(writer, REFUSED_LATE % (len(INVALID), INVALID))

    return say


@leads_to(
    *clauses_of(
        "inbound/webhooks/body.py",
        "outbound/pagerduty/notifier.py",
        "outbound/plainer.py",
        "outbound/slack/mentions.py: Mentions._id_of, TimeoutError",
        "outbound/slack/notifier.py: SlackNotifier.lead_on",
        "outbound/slack/notifier.py: SlackNotifier.look, TimeoutError",
        "outbound/slack/notifier.py: SlackNotifier.notify",
        "outbound/slack/notifier.py: SlackNotifier.reply",
        "outbound/slack/permalinks.py",
        "outbound/slack/socket_mode.py",
        "self_monitoring/destinations_check.py",
    )
)
async def nobody_answers(walk: Walk) -> None:
    server = LocalServer()
    walk.starter.slack.faults.add(Fault(FaultKind.ERROR, method="apps.connections.open"))
    async with hostile(refuses_late_and_then_hangs) as (_, port):
        app = await walk.start(
            HANGING,
            RELAY_URL=f"http://127.0.0.1:{port}",
            GATEWAY_ADMIN_TOKEN="an-admin-token",
            SLACK_APP_TOKEN="xapp-sandbox",
        )
        app.client.headers["authorization"] = "Bearer an-admin-token"
        async with server.running(app.gateway.asgi_app, 0):
            for channel in CHANNELS:
                app.slack.add_channel(channel)
            never_finished = asyncio.create_task(send_half_of_a_webhook(server.url))
            app.slack.faults.add(
                Fault(FaultKind.HANG, method="auth.test", count=1),
                Fault(FaultKind.HANG, method="usergroups.list", count=1),
            )
            for attempt in range(ATTEMPTS):
                await vendors_hang(walk, attempt)
                # On a busy machine a call may end by its own deadline, a moment before that of the whole.
                if await all_are_entered(walk):
                    break
            app.slack.faults.add(Fault(FaultKind.HANG, method="auth.test", count=1))
            await app.ask("/health/deep")
            assert b" 503 " in await never_finished
            await walk.see()


async def vendors_hang(walk: Walk, attempt: int) -> None:
    app = walk.app
    app.slack.faults.add(
        Fault(FaultKind.HANG, method="chat.postMessage", subject="#posts", count=1),
        Fault(FaultKind.CUT_AFTER, method="chat.postMessage", subject="#looks", count=1),
        Fault(FaultKind.HANG, method="conversations.history", count=1),
        Fault(FaultKind.ERROR, method="chat.update", subject="#leads", error="edit_window_closed", count=1),
        Fault(FaultKind.HANG, method="chat.getPermalink", count=1),
    )
    app.pagerduty.faults.add(Fault(FaultKind.HANG, method="enqueue", count=1))
    for service in (*CHANNELS, "pages"):
        await app.webhook(alert(f"{service}-{attempt}", starts=at("10:00")))
    for channel in ("replies", "leads"):
        await app.until(partial(is_told, walk, channel, f"{channel}-{attempt}"))
    app.slack.faults.add(Fault(FaultKind.HANG, method="chat.postMessage", subject="#replies", count=1))
    for service in ("replies", "leads"):
        await act(walk, await incident_of(walk, f"{service}-{attempt}"), "acknowledge", note="it is mine")


def is_told(walk: Walk, channel: str, service: str) -> bool:
    return any(service in str(message.blocks) for message in walk.app.slack.messages(channel))


async def all_are_entered(walk: Walk) -> bool:
    """Wait until every clause of what hangs was entered, or every deadline is over."""
    wanted = {item.name for item in walk.items if item not in clauses_of("self_monitoring/")}
    for _ in range(round(DEADLINES_SECONDS / LOOK_SECONDS)):
        if wanted <= walk.entered.clauses:
            return True
        await asyncio.sleep(LOOK_SECONDS)
    return False


async def send_half_of_a_webhook(url: str) -> bytes:
    """Send the head of a webhook and less of its body than it promises; the first line of the answer."""
    place = urlsplit(url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    writer.write(b"POST /webhooks/alertmanager HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{")
    try:
        return await reader.readline()
    finally:
        writer.close()

"""The parts of the walk on which people act: in Slack while the store is slow, and in PagerDuty, which cannot be read."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from gateway.actions import pagerduty_reader
from gateway.config.new_token import add_token
from gateway.model.cells import PAGERDUTY_READER
from gateway.model.changes import Changes
from gateway.model.people import Role
from gateway.sandbox import Fault, FaultKind
from gateway.sandbox.pagerduty import DEFAULT_API_TOKEN
from gateway.sandbox.pagerduty.subscriptions import DEFAULT_SECRET as PAGERDUTY_SECRET
from gateway.sandbox.server import LocalServer
from gateway.sandbox.slack import Message
from gateway.sandbox.slack.app import DEFAULT_SECRET
from gateway.self_monitoring import heartbeat
from tests.monitored.lead_to_answers import HOOK
from tests.monitored.lead_to_reasons import at
from tests.monitored.walk import Walk, clauses_of, leads_to
from tests.support.processes import alert, body
from tests.support.running_gateway import RULES
from tests.support.servers import redis_server
from tests.support.slack_office import UNTAKEN, Office
from tests.support.slow_line import slow_line

FOUR_EYES = RULES + "policy: {silences: {critical: four_eyes}}\n"
SLOW_SECONDS = 2.3  # more than people wait for their answer, and less than the gateway waits for the store's
HANGS_SECONDS = 60.0


@leads_to(
    *clauses_of(
        "actions/slack_commands.py",
        "actions/slack_desk.py",
        "actions/slack_silences.py",
        "inbound/webhooks/alertmanager.py: AlertmanagerWebhook._take, TimeoutError",
        "outbound/slack/screen.py",
        "self_monitoring/heartbeat.py",
    )
)
async def people_act_while_the_store_is_slow(walk: Walk) -> None:
    async with AsyncExitStack() as stack:
        behind = stack.enter_context(redis_server("valkey"))
        line = await stack.enter_async_context(slow_line(behind, walk.starter.folder))
        tokens = walk.starter.folder / "tokens"
        add_token(tokens, "ann", Role.ACT)
        # It comes by itself once a minute.
        stack.enter_context(pytest.MonkeyPatch.context()).setattr(heartbeat, "BEAT_SECONDS", 1.0)
        app = await walk.start(
            FOUR_EYES,
            GATEWAY_HEARTBEAT_URL="http://127.0.0.1:1/",
            GATEWAY_REDIS_URL=line.url,
            GATEWAY_TOKENS_FILE=str(tokens),
            SLACK_SIGNING_SECRET=DEFAULT_SECRET,
        )
        server, office = LocalServer(), Office(app)
        await stack.enter_async_context(server.running(app.gateway.asgi_app, 0))
        app.slack.app.url = server.url
        await app.told()
        await office.until_buttons(*UNTAKEN)
        message, slack = office.message, app.slack.app
        written = await opened_modal(office, "custom")
        asked = await wanted_approval(office)
        line.seconds = SLOW_SECONDS
        app.slack.faults.add(Fault(FaultKind.ERROR, method="chat.postEphemeral", count=1))
        async with asyncio.TaskGroup() as slow:
            webhooks = slow.create_task(webhooks_one_after_the_other(walk))
            slow.create_task(slack.press(office.channel, message, "acknowledge"))
            slow.create_task(slack.submit(written, {"reason": "a deploy"}))
            slow.create_task(slack.press(office.channel, asked, "approve", user="U0BOB"))
            slow.create_task(office.write(""))
        assert 503 in webhooks.result()
        line.seconds = HANGS_SECONDS
        await slack.press(office.channel, message, "why")
        await slack.press(office.channel, message, "silence", "custom")
        await office.write("stats")
        line.cut()
        await walk.see()


async def opened_modal(office: Office, chosen: str) -> str:
    """Choose how long to silence what fires; the id of the modal that opens, once it is filled in."""
    views = office.app.slack.app.views
    before = len(views)
    await office.press("silence", chosen)
    await office.app.until(lambda: len(views) > before and "Looking" not in office.view())
    return [*views][-1]


async def wanted_approval(office: Office) -> Message:
    """Silence what is critical; the message that asks for a second person."""
    await office.app.slack.app.submit(await opened_modal(office, "4h"), {"reason": "a deploy"})
    found: list[Message] = []
    await office.app.until(
        lambda: found.extend(one for one in office.channel.messages if "second person" in one.text) or found
    )
    return found[0]


async def webhooks_one_after_the_other(walk: Walk) -> set[int]:
    """Send two, of which the second has to wait until the first is in the store; their statuses."""
    sent = []
    for service in ("first", "second"):
        webhook = walk.app.client.post(HOOK, json=body(alert(service, starts=at("10:00"))))
        sent.append(asyncio.create_task(webhook))
        await asyncio.sleep(0.1)
    return {answer.status_code for answer in await asyncio.gather(*sent)}


@leads_to(
    *clauses_of(
        "actions/pagerduty_people.py",
        "outbound/pagerduty/rest.py",
        "outbound/pagerduty/rest_call.py",
    )
)
async def somebody_acts_in_a_pagerduty_that_cannot_be_read(walk: Walk) -> None:
    async with AsyncExitStack() as stack:
        sooner = stack.enter_context(pytest.MonkeyPatch.context())
        sooner.setattr(pagerduty_reader, "LOOK_SECONDS", 0.3)
        app = await walk.start(
            RULES,
            PAGERDUTY_WEBHOOK_SECRET=PAGERDUTY_SECRET,
            PAGERDUTY_API_TOKEN=DEFAULT_API_TOKEN,
            PAGERDUTY_API_URL=walk.starter.pagerduty.api_url,
        )
        server = LocalServer()
        await stack.enter_async_context(server.running(app.gateway.asgi_app, 0))
        app.pagerduty.webhooks.subscribe(server.url)
        await app.told()
        app.pagerduty.faults.add(Fault(FaultKind.HANG, method="rest", count=1))
        app.pagerduty.webhooks.act(app.pagerduty.incidents[-1], "acknowledged", "bob")
        await walk.see(*clauses_of("actions/pagerduty_people.py"))
        for kind, module in ((FaultKind.CUT_BEFORE, "rest_call.py"), (FaultKind.HANG, "rest.py")):
            (clause,) = clauses_of(f"outbound/pagerduty/{module}")
            # On a busy machine a call may end by its own deadline, a moment before that of the question.
            await unread_round(walk, kind)
            while clause.name not in walk.entered.clauses:
                await unread_round(walk, kind)
            await walk.see(clause)


async def unread_round(walk: Walk, kind: FaultKind) -> None:
    """Have PagerDuty read now, in vain: a round comes by itself once a minute."""
    before = len(walk.lines()["pagerduty_not_read"])
    walk.app.pagerduty.faults.add(Fault(kind, method="rest", count=1))
    await walk.app.gateway.shards.home.commit(Changes(put={PAGERDUTY_READER: b""}))
    await walk.app.until(lambda: len(walk.lines()["pagerduty_not_read"]) > before)

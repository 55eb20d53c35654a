"""Incoming webhooks: the address to which Alertmanager's own `slack_configs` post.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

from __future__ import annotations

from starlette.responses import PlainTextResponse, Response

from gateway.sandbox.slack.arguments import Arguments, SlackError
from gateway.sandbox.slack.methods import Methods
from gateway.sandbox.slack.workspace import Bot

PATH = "/services/T0SANDBOX/B0INCOMING/sandbox"
METHOD = "incoming-webhook"  # the name by which faults strike it
STATUSES = {"channel_not_found": 404, "channel_is_archived": 410}


def post(methods: Methods, arguments: Arguments, channel: str) -> Response:
    """Post a message as the bot of the webhook, and answer as Slack does: `ok`, or the name of the error.

    `channel` is the one that the webhook was made for. As with Slack's older webhooks, the sender may name
    another `channel` and a `username`; Alertmanager 0.25 names both, 0.33 neither.
    """
    bot = Bot(arguments.text("username") or "Incoming webhook", "B0INCOMING", "U0INCOMING", "A0INCOMING")
    try:
        methods.chat_post_message(Arguments({"channel": channel} | arguments.values), bot)
    except SlackError as error:
        return PlainTextResponse(error.code, STATUSES.get(error.code, 400))
    return PlainTextResponse("ok")

"""Tell the address of an incoming webhook, which Alertmanager sends to, from the Web API's."""

from __future__ import annotations

import re

# It takes no edits and no lookups: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
_HOOK = re.compile(r"https?://(hooks\.slack[\w.-]*|[^/\s]+/services/T\w*/B\w*)(/.*)?", re.IGNORECASE)
NO_WEB_API = (
    "an incoming webhook of Slack is a secret and takes no edits: leave it out, and give the gateway a bot token"
    " (SLACK_BOT_TOKEN)"
)


def is_incoming_webhook(text: str) -> bool:
    return _HOOK.fullmatch(text.strip()) is not None

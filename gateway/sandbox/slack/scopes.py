"""The scopes of a bot: what it may call, and how Slack refuses the rest.

https://docs.slack.dev/reference/scopes lists the methods of each; a refusal names the scope that is
needed and those that the token has.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.sandbox.slack.arguments import Arguments, SlackError
from gateway.sandbox.slack.workspace import Bot

NEEDED: Mapping[str, str] = {
    "chat.delete": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "conversations.history": "channels:history",
    "conversations.info": "channels:read",
    "conversations.list": "channels:read",
    "conversations.open": "im:write",
    "conversations.replies": "channels:history",
    "usergroups.list": "usergroups:read",
    "usergroups.users.list": "usergroups:read",
    "users.info": "users:read",
    "users.list": "users:read",
    "users.lookupByEmail": "users:read.email",
}
OF_KIND = {"public_channel": "channels:read", "private_channel": "groups:read"}


class MissingScope(SlackError):
    """Says what was needed and what the token has."""

    def __init__(self, needed: str, bot: Bot) -> None:
        super().__init__("missing_scope")
        self.said = {"needed": needed, "provided": header(bot)}


def demand(bot: Bot, method: str, arguments: Arguments) -> None:
    """Raise `MissingScope` where the bot may not call this method with these arguments."""
    needed = [NEEDED[method]] if method in NEEDED else []
    if method == "conversations.list":
        kinds = (arguments.text("types") or "public_channel").split(",")
        needed = [OF_KIND[kind] for kind in kinds if kind in OF_KIND]
    elif arguments.text("channel").startswith("D") and needed == ["channels:history"]:
        needed = ["im:history"]
    for scope in needed:
        if scope not in bot.scopes:
            raise MissingScope(scope, bot)


def header(bot: Bot) -> str:
    return ",".join(sorted(bot.scopes))

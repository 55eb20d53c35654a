"""The scopes that the gateway needs in Slack, each for a feature that is off without it.

What a token has stands in a header of every answer: `x-oauth-scopes`
(https://docs.slack.dev/tools/node-slack-sdk/reference/web-api/interfaces/WebAPICallResult, `scopes`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from types import MappingProxyType

POSTING = "chat:write"
OFF = MappingProxyType(
    {
        POSTING: "nothing can be posted",
        "channels:read": "whether the bot is in its public channels is not known, and none is found by its name",
        "channels:history": "a post in a public channel that was not answered cannot be looked for: it may stand twice",
        "groups:read": "whether the bot is in its private channels is not known, and none is found by its name",
        "groups:history": "a post in a private channel that was not answered cannot be looked for: it may stand twice",
        "commands": "`/alerts` does not reach the gateway",
        "users:read": "nobody is called by a name: @here is called instead",
        "users:read.email": "nobody is called by an e-mail address: @here is called instead",
        "usergroups:read": "who is in a user group is not known: a group that is called by its handle is not, and"
        " of policy.act nobody may act",
    }
)
"""What is off without each scope of the manifest (deploy/slack/manifest.yaml)."""

DIRECT = MappingProxyType(
    {
        "im:write": "nobody is written to in a conversation with the app",
        "im:history": "a post to a user that was not answered cannot be looked for: it may stand twice",
    }
)
"""What is off without the scopes that a destination which is a user needs besides."""

REMEDY = "add it to the app (deploy/slack/manifest.yaml) and install the app again"


@dataclass(frozen=True, slots=True)
class Uses:
    """The features that one token is used for."""

    public: bool = False
    private: bool = False
    direct: bool = False
    commands: bool = False
    names: bool = False
    emails: bool = False
    groups: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """A scope that is missing, and what is off without it. Without the `vital` one nothing works."""

    scope: str
    off: str

    @property
    def vital(self) -> bool:
        return self.scope == POSTING


def gaps(granted: Collection[str], uses: Uses) -> list[Gap]:
    """Return the scopes that what is in use needs, and that the token does not have."""
    off = OFF | DIRECT
    return [Gap(scope, off[scope]) for scope in _needed(uses) if scope not in granted]


def _needed(uses: Uses) -> Iterator[str]:
    yield POSTING
    if uses.public:
        yield from ("channels:read", "channels:history")
    if uses.private:
        yield from ("groups:read", "groups:history")
    if uses.direct:
        yield from DIRECT
    if uses.commands:
        yield "commands"
    # https://docs.slack.dev/reference/methods/users.lookupByEmail answers with a user.
    if uses.names or uses.emails:
        yield "users:read"
    if uses.emails:
        yield "users:read.email"
    if uses.groups:
        yield "usergroups:read"


def read_scopes(header: str) -> frozenset[str]:
    return frozenset(scope.strip() for scope in header.split(",") if scope.strip())

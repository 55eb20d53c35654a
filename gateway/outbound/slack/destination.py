"""Slack as a kind of destination: what a rule says of a channel, and the pace at which it is sent to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from gateway.model.lanes import Pace
from gateway.model.rules.destination import Integration
from gateway.model.rules.origin import SecretName
from gateway.outbound.kind import ADDRESS, ADDRESS_EXPECTED, DestinationKind, RuleKey, Values, ValueType
from gateway.outbound.slack.incoming_webhook import NO_WEB_API, is_incoming_webhook
from gateway.outbound.slack.text import is_mention

SLACK_APP_TOKEN = "SLACK_APP_TOKEN"  # noqa: S105 - a name
SLACK_BOT_TOKEN = SecretName("SLACK_BOT_TOKEN")
# One message a second to a channel, with bursts: https://docs.slack.dev/apis/web-api/rate-limits
PACE = Pace(1_100, 3)
CHANNEL = r"#?[^\s|#<>@]+"
CHANNEL_EXAMPLES = "an id such as C024BE91L or a name such as '#payments'"
ALLOWED_VALUE = r"[A-Za-z0-9_.-]+"
_LABEL = re.compile(r"\{[^{}]+\}")
REMEDIES = {
    "not_in_channel": "invite the bot to the channel",
    "channel_not_found": "is the channel's name right? a private one is found only by a bot that was invited",
    "team_not_found": "with the token of a whole organisation a channel is named by its id, such as C024BE91L",
    "restricted_action": "somebody who administers the workspace has to let the app post there",
    "is_archived": "an archived channel takes nothing: name another",
    "missing_scope": "give the app the scopes chat:write, channels:history, channels:read and install it again",
}


@dataclass(frozen=True, slots=True)
class SlackChannel(Integration):
    """`channel` is an id, a #name, or a template such as `#{team}-oncall` that may only give the values in
    `allow`.
    """

    edits_in_place: ClassVar[bool] = True
    shows_digest: ClassVar[bool] = True
    kind: ClassVar[str] = "slack"
    label: ClassVar[str] = "Slack"
    channel: str
    token: SecretName = SLACK_BOT_TOKEN
    allow: frozenset[str] = frozenset()
    mention_on_page: tuple[str, ...] = ()
    api_url: SecretName | str = ""

    @property
    def credentials(self) -> tuple[str, ...]:
        own = (self.api_url.env,) if isinstance(self.api_url, SecretName) else ()
        return (self.token.env, *own)

    @property
    def base_url(self) -> SecretName | str:
        return self.api_url

    @property
    def address(self) -> str:
        return self.channel

    @property
    def addresses(self) -> tuple[str, ...]:
        start, label, rest = self.template.partition("{")
        if not label:
            return ()
        end = rest.partition("}")[2]
        return tuple(f"{start}{value}{end}" for value in sorted(self.allow))

    @property
    def template(self) -> str:
        return self.channel if "{" in self.channel else ""

    @property
    def allowed_values(self) -> frozenset[str]:
        return self.allow

    @property
    def calls_when_paged(self) -> bool:
        """Return whether anybody is mentioned: a message without a mention only stands there."""
        return bool(self.mentions)

    @property
    def mentions(self) -> tuple[str, ...]:
        return self.mention_on_page

    @property
    def place(self) -> object:
        return self.channel, self.token

    @property
    def rate_limit_place(self) -> str:
        return self.channel if not self.allow else ""


def _make(values: Values) -> SlackChannel:
    return SlackChannel(**{**values, "allow": frozenset(values.get("allow", ()))})


def _problems(values: Values) -> Iterable[tuple[str, str]]:
    channel = values["channel"]
    # Alertmanager's `api_url` is one: nothing would arrive there, and whoever reads the file could post.
    if is_incoming_webhook(str(values.get("api_url", ""))):
        yield "api_url", NO_WEB_API
    if re.search(r"[{}]", _LABEL.sub("", channel)):
        yield "channel", f"`{channel[:60]}` has a brace that belongs to no {{label}}"
    elif "{" in channel and not values.get("allow"):
        # Without `allow`, whoever sets a label of an alert could make the gateway post into any channel.
        yield "channel", "a channel from a label needs `allow`, the values that may stand in it"
    elif "{" not in channel and "allow" in values:
        yield "allow", "`allow` is for channels from a label, such as '#{team}-oncall'"


def _any_token(token: str) -> str | None:
    """Workspace and channel are the place: an ordinary rotation of the bot's token changes nothing."""
    del token
    return None


def _doubts(values: Values) -> Iterable[tuple[str, str]]:
    names = [name for name in values.get("mention_on_page", ()) if not is_mention(name)]
    if names:
        listed = ", ".join(f"`{name[:60]}`" for name in names)
        scopes = "usergroups:read, users:read, users:read.email"
        yield (
            "mention_on_page",
            f"whether Slack knows {listed} only `gateway doctor` can tell (scopes {scopes}); an id is sure",
        )


SLACK = DestinationKind(
    integration=SlackChannel,
    keys={
        "channel": RuleKey(
            ValueType.TEXT,
            missing="an id such as C024BE91L, or a name such as '#payments'",
            pattern=CHANNEL,
            expected=CHANNEL_EXAMPLES,
            description="an id, a name, or a template such as #{team}-oncall",
        ),
        "token": RuleKey(
            ValueType.SECRET, description="the variable with the bot's token; SLACK_BOT_TOKEN unless given"
        ),
        "allow": RuleKey(
            ValueType.TEXTS,
            pattern=ALLOWED_VALUE,
            expected="a value of letters, digits, _ . and -",
            description="the values that may stand in a template",
        ),
        "mention_on_page": RuleKey(
            ValueType.TEXTS,
            description=(
                "who is called when it pages: @here, @channel, or the id, handle, name or e-mail address of"
                " a user or group"
            ),
        ),
        "api_url": RuleKey(
            ValueType.ADDRESS,
            pattern=ADDRESS,
            expected=ADDRESS_EXPECTED,
            description="the Web API of this workspace, where it is not that of SLACK_API_URL",
        ),
    },
    make=_make,
    problems=_problems,
    doubts=_doubts,
    pace=PACE,
    wiring_module="gateway.outbound.slack.wiring",
    address_setting="SLACK_API_URL",
    remedies=REMEDIES,
    place_in_secret=_any_token,
    shared_credentials=(SLACK_BOT_TOKEN.env,),
    answer_secrets=("SLACK_SIGNING_SECRET", SLACK_APP_TOKEN),
    granted_credentials=(SLACK_BOT_TOKEN.env,),
)

"""Where people are told: a Slack channel, a PagerDuty service, a receiver of webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gateway.model.durations import MINUTE
from gateway.model.rules.origin import Origin, SecretName

SLACK_BOT_TOKEN = SecretName("SLACK_BOT_TOKEN")


@dataclass(frozen=True, slots=True)
class SlackChannel:
    """`channel` is an id, a #name, or a template such as `#{team}-oncall` that may only give the values in `allow`."""

    kind: ClassVar[str] = "slack"
    channel: str
    token: SecretName = SLACK_BOT_TOKEN
    allow: frozenset[str] = frozenset()
    mention_on_page: tuple[str, ...] = ()

    @property
    def credentials(self) -> tuple[str, ...]:
        return (self.token.env,)


@dataclass(frozen=True, slots=True)
class PagerDutyService:
    kind: ClassVar[str] = "pagerduty"
    routing_key: SecretName
    service: str = ""

    @property
    def credentials(self) -> tuple[str, ...]:
        return (self.routing_key.env,)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A receiver of anybody's: the secrets that hold its address, a bearer token that it is shown, and the key of signatures."""

    kind: ClassVar[str] = "webhook"
    url: SecretName
    token: SecretName | None = None
    secret: SecretName | None = None

    @property
    def credentials(self) -> tuple[str, ...]:
        return tuple(one.env for one in (self.url, self.token, self.secret) if one is not None)


@dataclass(frozen=True, slots=True)
class Destination:
    name: str
    origin: Origin
    via: SlackChannel | PagerDutyService | Webhook
    fallback: tuple[str, ...] = ()
    fallback_after: int = 2 * MINUTE

    @property
    def kind(self) -> str:
        return self.via.kind

    @property
    def credential(self) -> str:
        """The name of the secret by which it is the place that it is."""
        return self.via.credentials[0]

    @property
    def credentials(self) -> tuple[str, ...]:
        """The names of all secrets that it needs, `credential` first."""
        return self.via.credentials

    @property
    def address(self) -> str:
        """What the place is called; a Slack channel's name may have labels to be filled in."""
        if isinstance(self.via, SlackChannel):
            return self.via.channel
        return (self.via.service if isinstance(self.via, PagerDutyService) else "") or self.name

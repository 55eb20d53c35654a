"""The settings, and which of them are possible together; `environment.py` reads them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_core import PydanticCustomError

from gateway.outbound.direct_hosts import read_direct_hosts
from gateway.outbound.mail.url import parse_smtp_url
from gateway.outbound.network import Network, SecretOf, tls_context
from gateway.outbound.slack.incoming_webhook import NO_WEB_API, is_incoming_webhook


def _listed(value: object) -> object:
    """Split tokens at commas. A value without any token is refused: it would let everybody in."""
    if not isinstance(value, str):
        return value
    found = tuple(part.strip() for part in value.split(",") if part.strip())
    if not found:
        raise PydanticCustomError("no_token", "it holds commas and no token: give it one, or remove it")
    return found


Tokens = Annotated[tuple[SecretStr, ...], BeforeValidator(_listed)]


RENAMED = {"GATEWAY_SLOTS": "GATEWAY_SHARDS"}
"""Variables that were renamed. The old name is still understood, and a warning names the new one."""

MAX_PORT = 65_535


class Settings(BaseModel):
    """The settings. Each field is one variable; its description stands in docs/settings.md."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    listen: str = Field(
        "127.0.0.1:9096",
        alias="GATEWAY_LISTEN",
        description="address and port; any other host than this machine's own needs tokens",
    )
    rules: Path = Field(Path("rules"), alias="GATEWAY_RULES", description="a rule file or a folder of them")
    redis_url: SecretStr | None = Field(
        None,
        alias="GATEWAY_REDIS_URL",
        description="the store: redis://, rediss://, unix://, redis+sentinel://, redis+cluster://; unset: the embedded one",
    )
    redis_wait: int = Field(
        0,
        alias="GATEWAY_REDIS_WAIT",
        ge=0,
        le=15,
        description="how many replicas must have a commit before it counts; else 503, and Alertmanager comes again",
    )
    data_dir: Path = Field(
        Path("~/.local/share/alert-gateway"),
        alias="GATEWAY_DATA_DIR",
        description="where the embedded store keeps its data",
    )
    store_memory: int = Field(
        1 << 30,
        alias="GATEWAY_STORE_MEMORY",
        ge=64 << 20,
        description="memory budget of the embedded store in bytes",
    )
    shards: int = Field(
        1,
        alias="GATEWAY_SHARDS",
        ge=1,
        le=256,
        description="over how many shards `partition_by` spreads; `gateway migrate` changes it",
    )
    webhook_token: Tokens = Field(
        (),
        alias="GATEWAY_WEBHOOK_TOKEN",
        description="what Alertmanager must show, as bearer token or as the password of any user; "
        "several with commas, for rotation",
    )
    admin_token: Tokens = Field(
        (), alias="GATEWAY_ADMIN_TOKEN", description="what users of the API must show; several with commas"
    )
    public_url: str = Field(
        "",
        alias="GATEWAY_PUBLIC_URL",
        pattern=r"^(https?://\S+)?$",
        description="our own address; `url` in the body of webhooks that we send leads to the incident in our API",
    )
    max_body: int = Field(32 << 20, alias="GATEWAY_MAX_BODY", ge=1024, description="largest webhook in bytes")
    log: Literal["auto", "json", "console"] = Field(
        "auto",
        alias="GATEWAY_LOG",
        description="how log lines look: `json` for machines, `console` for people, `auto`: the latter on a terminal",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info",
        alias="GATEWAY_LOG_LEVEL",
        description="from which level on: `debug`, `info`, `warning` or `error`",
    )
    slack_api_url: str = Field(
        "https://slack.com/api/",
        alias="SLACK_API_URL",
        pattern=r"^https?://\S+$",
        description="Slack's Web API",
    )
    pagerduty_events_url: str = Field(
        "https://events.pagerduty.com",
        alias="PAGERDUTY_EVENTS_URL",
        pattern=r"^https?://\S+$",
        description="PagerDuty's Events API (the EU has its own; a destination may name its region)",
    )
    vendor_proxy: SecretStr | None = Field(
        None,
        alias="GATEWAY_VENDOR_PROXY",
        description="the proxy to Slack, PagerDuty, webhooks and the heartbeat's service, "
        "such as http://user:password@proxy:3128; unset: none",
    )
    no_proxy: str = Field(
        "",
        alias="GATEWAY_NO_PROXY",
        description="hosts that are reached without that proxy, with commas: names (and all below them), .domains, "
        "addresses, networks such as 10.0.0.0/8; unset: those of NO_PROXY",
    )
    ca_file: Path | None = Field(
        None,
        alias="GATEWAY_CA_FILE",
        description="further authorities whose certificates are trusted, a PEM file, beside the system's (or those of SSL_CERT_FILE)",
    )
    slack_bot_token: SecretStr | None = Field(
        None,
        alias="SLACK_BOT_TOKEN",
        description="the bot's token, unless a destination names another; scopes chat:write, channels:history, channels:read",
    )
    pagerduty_routing_key: SecretStr | None = Field(
        None, alias="PAGERDUTY_ROUTING_KEY", description="an integration's key, named by a destination"
    )
    smtp_url: SecretStr | None = Field(
        None,
        alias="GATEWAY_SMTP_URL",
        description="the server that mails are sent by: smtp:// (with STARTTLS, unless it is on this machine) or smtps://",
    )
    heartbeat_url: SecretStr | None = Field(
        None,
        alias="GATEWAY_HEARTBEAT_URL",
        description="an address of a service that pages when it is no longer asked for "
        "(each minute, while all is well); it may hold a token",
    )
    gateway_url: str = Field(
        "http://127.0.0.1:9096",
        alias="GATEWAY_URL",
        pattern=r"^https?://\S+$",
        description="the running gateway that `gateway incidents` and `gateway doctor` ask",
    )

    def value_of(self, variable: str) -> str:
        """Return the text of a setting by its variable, and an empty text for an empty name.

        Raises `KeyError` for a variable that is no setting.
        """
        named = {str(field.alias): name for name, field in type(self).model_fields.items()}
        return str(getattr(self, named[variable])) if variable else ""

    @property
    def proxy(self) -> str | None:
        return self.vendor_proxy.get_secret_value() if self.vendor_proxy else None

    def network(self, secret_of: SecretOf) -> Network:
        """Return what everything outside is reached with; `secret_of` gives what rules name."""
        return Network(self.ca_file, self.proxy, read_direct_hosts(self.no_proxy)[0], secret_of)

    @property
    def heartbeat(self) -> str | None:
        return self.heartbeat_url.get_secret_value() if self.heartbeat_url else None

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])


def impossible(settings: Settings) -> list[str]:
    """Return the first combination of settings that cannot work, with its remedy, or an empty list."""
    host, _, port = settings.listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > MAX_PORT:
        return ["GATEWAY_LISTEN: an address with a port is needed, for instance 127.0.0.1:9096 or [::]:9096"]
    if settings.redis_wait and settings.redis_url is None:
        return ["GATEWAY_REDIS_WAIT: the embedded store has no replicas: unset it, or set GATEWAY_REDIS_URL"]
    # With a wrong address the outside service would page somebody for a gateway that is well.
    if settings.heartbeat is not None and not re.fullmatch(r"https?://[^/\s]+\S*", settings.heartbeat):
        return ["GATEWAY_HEARTBEAT_URL: an address such as https://hc-ping.com/<token> is needed"]
    if settings.smtp_url is not None:
        try:
            # A wrong address is found at the start, and not by the first mail that should reach somebody.
            parse_smtp_url(settings.smtp_url.get_secret_value())
        except ValueError as error:
            return [f"GATEWAY_SMTP_URL: {error}"]
    if settings.proxy is not None and not settings.proxy.startswith(("http://", "https://")):
        return ["GATEWAY_VENDOR_PROXY: an address such as http://proxy:3128 is needed"]
    if unreadable := read_direct_hosts(settings.no_proxy)[1]:
        return [
            f"GATEWAY_NO_PROXY: `{unreadable[0]}` is no name, no address and no network such as 10.0.0.0/8"
        ]
    if settings.ca_file is not None:
        try:
            # Without this authority no vendor could be reached: that is found now, and not by the first page.
            tls_context(settings.ca_file)
        except ValueError as error:
            return [f"GATEWAY_CA_FILE: {error}"]
    return _incoming_webhooks(settings)


def _incoming_webhooks(settings: Settings) -> list[str]:
    """Return what is wrong with each setting that holds an incoming webhook: no message would arrive."""
    token = settings.slack_bot_token.get_secret_value() if settings.slack_bot_token else ""
    given = {"SLACK_API_URL": settings.slack_api_url, "SLACK_BOT_TOKEN": token}
    return [f"{name}: {NO_WEB_API}" for name, value in given.items() if is_incoming_webhook(value)]

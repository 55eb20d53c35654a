"""The settings of vendors, and of the way there."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from gateway.config.lists import Tokens
from gateway.outbound.direct_hosts import read_direct_hosts
from gateway.outbound.network import Network


class VendorSettings(BaseModel):
    """The settings by which Slack, PagerDuty, mail and receivers are
    reached, and what they send is believed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

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
    pagerduty_api_url: str = Field(
        "https://api.pagerduty.com",
        alias="PAGERDUTY_API_URL",
        pattern=r"^https?://\S+$",
        description="PagerDuty's REST API, for PAGERDUTY_API_TOKEN (the EU has its own: "
        "https://api.eu.pagerduty.com)",
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
        description="hosts that are reached without that proxy, with commas: names (and all below them), "
        ".domains, addresses, networks such as 10.0.0.0/8; unset: those of NO_PROXY",
    )
    ca_file: Path | None = Field(
        None,
        alias="GATEWAY_CA_FILE",
        description="further authorities whose certificates are trusted, a PEM file, beside the system's "
        "(or those of SSL_CERT_FILE)",
    )
    slack_signing_secret: Tokens = Field(
        (),
        alias="SLACK_SIGNING_SECRET",
        description="Slack signs with it what people press: set, messages have buttons; several with "
        "commas, for rotation",
    )
    slack_app_token: SecretStr | None = Field(
        None,
        alias="SLACK_APP_TOKEN",
        description="Slack's Socket Mode (scope connections:write): set, messages have buttons, and no "
        "address of ours has to be reached",
    )
    pagerduty_webhook_secret: Tokens = Field(
        (),
        alias="PAGERDUTY_WEBHOOK_SECRET",
        description="PagerDuty signs its webhooks with it: set, what people do there is known here; "
        "several with commas, for rotation",
    )
    pagerduty_api_token: SecretStr | None = Field(
        None,
        alias="PAGERDUTY_API_TOKEN",
        description="a key of PagerDuty's REST API, a read-only one is enough: set, it is read there what "
        "202 does not prove and no webhook has brought",
    )
    pagerduty_from: str = Field(
        "",
        alias="PAGERDUTY_FROM",
        pattern=r"^(\S+@\S+)?$",
        description="the address of mail of a user of PagerDuty, who writes our notes there by a PAGERDUTY_API_TOKEN that may write; "
        "unset: no notes",
    )
    slack_bot_token: SecretStr | None = Field(
        None,
        alias="SLACK_BOT_TOKEN",
        description="the bot's token, unless a destination names another; scopes chat:write, "
        "channels:history, channels:read",
    )
    pagerduty_routing_key: SecretStr | None = Field(
        None, alias="PAGERDUTY_ROUTING_KEY", description="an integration's key, named by a destination"
    )
    smtp_url: SecretStr | None = Field(
        None,
        alias="GATEWAY_SMTP_URL",
        description="the server that mails are sent by: smtp:// (with STARTTLS, unless it is on this "
        "machine) or smtps://",
    )

    @property
    def proxy(self) -> str | None:
        return self.vendor_proxy.get_secret_value() if self.vendor_proxy else None

    def network(self) -> Network:
        """Return what everything outside is reached with;
        `Network.giving` adds the secrets that rules name.
        """
        return Network(self.ca_file, self.proxy, read_direct_hosts(self.no_proxy)[0])

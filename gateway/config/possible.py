"""Which settings are possible together, and which cannot work by themselves."""

from __future__ import annotations

import re

from gateway.config.settings import Settings
from gateway.outbound.direct_hosts import read_direct_hosts
from gateway.outbound.mail.url import parse_smtp_url
from gateway.outbound.network import tls_context
from gateway.outbound.slack.incoming_webhook import NO_WEB_API, is_incoming_webhook

MAX_PORT = 65_535


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
    return _incoming_webhooks(settings) + _notes(settings)


def _notes(settings: Settings) -> list[str]:
    if settings.pagerduty_from and settings.pagerduty_api_token is None:
        return ["PAGERDUTY_FROM: notes are written by PAGERDUTY_API_TOKEN: set it, or unset this one"]
    return []


def _incoming_webhooks(settings: Settings) -> list[str]:
    """Return what is wrong with each setting that holds an incoming webhook: no message would arrive."""
    token = settings.slack_bot_token.get_secret_value() if settings.slack_bot_token else ""
    given = {"SLACK_API_URL": settings.slack_api_url, "SLACK_BOT_TOKEN": token}
    return [f"{name}: {NO_WEB_API}" for name, value in given.items() if is_incoming_webhook(value)]

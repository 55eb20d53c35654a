"""The client of a running gateway's REST API; what the gateway refuses becomes a line for people."""

from __future__ import annotations

from typing import Any

import click
import httpx

from gateway.config.environment import from_process

REQUEST_TIMEOUT_SECONDS = 10.0


def ask(method: str, path: str, **more: Any) -> dict[str, Any]:
    """Send one request to GATEWAY_URL with the admin token of the settings, and return its JSON.

    `more` goes to `httpx.request`. Raises `click.ClickException` if the gateway refuses, if nothing answers,
    and if something other than a gateway does.
    """
    settings = from_process().settings
    tokens = settings.admin_token
    headers = {"authorization": f"Bearer {tokens[0].get_secret_value()}"} if tokens else {}
    url = f"{settings.gateway_url.rstrip('/')}{path}"
    try:
        response = httpx.request(method, url, headers=headers, timeout=REQUEST_TIMEOUT_SECONDS, **more)
        answer = response.json()
    except (httpx.HTTPError, ValueError) as error:
        raise no_gateway(str(error)) from error
    if response.status_code == httpx.codes.UNAUTHORIZED:
        raise click.ClickException(
            "the gateway wants its admin token: set GATEWAY_ADMIN_TOKEN here to what it has there",
        )
    # The gateway's own refusals are objects with `error`; any other error page is some other service's.
    if response.status_code != httpx.codes.OK and isinstance(answer, dict) and "error" in answer:
        raise click.ClickException(
            "; ".join(part for part in (answer["error"], answer.get("remedy", "")) if part),
        )
    if response.status_code != httpx.codes.OK or not isinstance(answer, dict):
        raise no_gateway("something else answers there")
    return answer


def no_gateway(why: str) -> click.ClickException:
    """Return the error for a GATEWAY_URL at which no gateway answers."""
    url = from_process().settings.gateway_url
    return click.ClickException(f"no gateway answers at {url}: {why}; is GATEWAY_URL right?")

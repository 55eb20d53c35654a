"""A running gateway, asked over its API, and its answers for people."""

from __future__ import annotations

from typing import Any

import click
import httpx

from gateway.config.environment import from_process

REQUEST_TIME = 10.0  # seconds


def ask(method: str, path: str, **more: Any) -> dict[str, Any]:
    settings = from_process().settings
    headers = {"authorization": f"Bearer {settings.admin_token[0].get_secret_value()}"} if settings.admin_token else {}
    try:
        answer = httpx.request(
            method, f"{settings.gateway_url.rstrip('/')}{path}", headers=headers, timeout=REQUEST_TIME, **more
        )
        found = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise _no_gateway(str(error)) from error
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        raise click.ClickException("the gateway wants its admin token: set GATEWAY_ADMIN_TOKEN here to what it has there")
    if answer.status_code != httpx.codes.OK and isinstance(found, dict) and "error" in found:
        raise click.ClickException("; ".join(part for part in (found["error"], found.get("remedy", "")) if part))
    if answer.status_code != httpx.codes.OK or not isinstance(found, dict):
        raise _no_gateway("something else answers there")
    return found


def _no_gateway(why: str) -> click.ClickException:
    return click.ClickException(f"no gateway answers at {from_process().settings.gateway_url}: {why}; is GATEWAY_URL right?")

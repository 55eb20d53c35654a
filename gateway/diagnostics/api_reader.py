"""Ask the API of the running gateway, with the token that the commands show."""

from __future__ import annotations

import httpx

from gateway.config.environment import Environment
from gateway.diagnostics.diagnosis import REQUEST_SECONDS


async def read_api(environment: Environment, path: str) -> httpx.Response:
    """Return what the running gateway answers. Raises `httpx.HTTPError`."""
    settings, token = environment.settings, environment.token_to_show()
    async with httpx.AsyncClient(
        timeout=REQUEST_SECONDS,
        headers={"authorization": f"Bearer {token}"} if token else {},
        verify=settings.network().tls("httpx"),
        trust_env=settings.gateway_by_proxy,
    ) as client:
        return await client.get(f"{settings.gateway_url.rstrip('/')}{path}")

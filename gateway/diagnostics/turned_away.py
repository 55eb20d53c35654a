"""Ask the running gateway what it turned away, and who sent that: `/health` does not say who, since everybody
may read it.
"""

from __future__ import annotations

from typing import Any

import httpx

from gateway.config.environment import Environment
from gateway.diagnostics.diagnosis import Diagnosis
from gateway.outbound.kind import Mark

REQUEST_SECONDS = 5.0
SENDERS_SHOWN = 5


async def turned_away(environment: Environment) -> list[Diagnosis]:
    """Return a worry for each source and reason; none where the gateway does not let us ask."""
    settings = environment.settings
    tokens = settings.admin_token
    headers = {"authorization": f"Bearer {tokens[0].get_secret_value()}"} if tokens else {}
    url = f"{settings.gateway_url.rstrip('/')}/api/v1/turned-away"
    try:
        tls = environment.settings.network(environment.secret).tls()
        async with httpx.AsyncClient(timeout=REQUEST_SECONDS, headers=headers, verify=tls) as client:
            answer = await client.get(url)
            items = answer.json()["items"] if answer.is_success else []
    except (httpx.HTTPError, ValueError, KeyError):
        return []
    return [Diagnosis(Mark.WORRY, "turned away", _said(item)) for item in items]


def _said(item: dict[str, Any]) -> str:
    newest = item["senders"][-SENDERS_SHOWN:][::-1]
    senders = ", ".join(
        f"{sender['address']} ({sender['user_agent'] or 'no user agent'})" for sender in newest
    )
    who = f"source {item['source']}" if item["source"] else "no token"
    sent_by = f", from {senders}" if senders else ""
    error = f"; the last: {item['error']}" if item["error"] else ""
    return f"{who}, {item['reason']}, {item['times']} times{sent_by}{error}; {item['remedy']}"

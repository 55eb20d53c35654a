"""The API asks for its token, and only for its own."""

from __future__ import annotations

from tests.support.processes import body
from tests.support.running_gateway import Starter


async def test_the_api_wants_the_admin_token_and_probes_do_not(starter: Starter) -> None:
    starter.more = {"GATEWAY_ADMIN_TOKEN": "admin-token", "GATEWAY_WEBHOOK_TOKEN": "hook-token"}
    app = await starter.start()
    for headers in ({}, {"authorization": "Bearer hook-token"}, {"authorization": "Bearer x"}):
        assert (await app.ask("/api/v1/incidents", headers=headers)).status_code == 401
    assert (
        await app.ask("/api/v1/incidents", headers={"authorization": "Bearer admin-token"})
    ).status_code == 200
    assert (
        await app.client.post(
            "/webhooks/alertmanager", json=body(), headers={"authorization": "Bearer admin-token"}
        )
    ).status_code == 401
    for path in ("/livez", "/readyz", "/health", "/metrics", "/api/v1/openapi.json"):
        assert (await app.ask(path)).status_code == 200

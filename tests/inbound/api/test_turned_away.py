"""What was turned away is listed with who sent it, for those who may know."""

from __future__ import annotations

import asyncio

from tests.support.patience import PATIENCE
from tests.support.running_gateway import Starter

ADMIN = {"authorization": "Bearer admin"}


async def test_what_was_turned_away_is_listed_with_who_sent_it_and_what_to_do(starter: Starter) -> None:
    starter.more = {"GATEWAY_WEBHOOK_TOKEN": "hook", "GATEWAY_ADMIN_TOKEN": "admin"}
    app = await starter.start()
    assert (await app.ask("/api/v1/turned-away", headers=ADMIN)).json() == {"items": []}
    for _ in range(2):
        wrong = {"authorization": "Bearer old", "user-agent": "Alertmanager/0.28.1"}
        await app.ask("/webhooks/alertmanager", "POST", json={}, headers=wrong)
    async with asyncio.timeout(PATIENCE):
        while not (items := (await app.ask("/api/v1/turned-away", headers=ADMIN)).json()["items"]):
            await asyncio.sleep(0.02)
    (item,) = items
    assert (item["source"], item["reason"]) == (None, "unauthorized")
    assert "GATEWAY_WEBHOOK_TOKEN" in item["remedy"]
    assert item["error"] == "POST /webhooks/alertmanager"
    assert [(one["address"], one["user_agent"]) for one in item["senders"]] == [
        ("127.0.0.1", "Alertmanager/0.28.1")
    ]


async def test_who_sent_it_is_shown_to_nobody_without_the_admin_token(starter: Starter) -> None:
    starter.more = {"GATEWAY_ADMIN_TOKEN": "admin"}
    app = await starter.start()
    assert (await app.ask("/api/v1/turned-away")).status_code == 401

"""A store that is full of what the gateway may not forget: a page gets through all the same, and so does its end."""

from __future__ import annotations

import pytest

from gateway.storage.connections import connect
from tests.support.processes import alert, body
from tests.support.running_gateway import RULES, Running, Starter
from tests.support.servers import redis_server

LIMIT = 500_000  # bytes, less than an empty server uses


def made(service: str, severity: str = "critical", *, ends: bool = False) -> dict[str, object]:
    one = alert(service, starts="2026-11-23T10:00:00Z", **({"ends": "2026-11-23T11:00:00Z"} if ends else {}))
    return {**one, "labels": {**one["labels"], "severity": severity}}  # type: ignore[dict-item]


async def fill(url: str) -> None:
    """Give the server less memory than it uses already."""
    client = connect(url)
    await client.ask_each("CONFIG SET", "maxmemory", str(LIMIT))
    await client.aclose()


def paged(app: Running, status: str) -> int:
    return sum(incident.status == status for incident in app.pagerduty.incidents)


@pytest.mark.parametrize("which", ["valkey", "redis"])
async def test_pages_and_ends_get_through_a_full_store(starter: Starter, which: str) -> None:
    with redis_server(which) as url:
        starter.more["GATEWAY_REDIS_URL"] = url
        app = await starter.start()
        await fill(url)
        refused = await app.webhook(made("note", "warning"))
        assert refused.status_code == 503
        assert "send it again" in refused.json()["remedy"]
        assert (await app.webhook(made("pay"))).status_code == 200
        await app.until(lambda: paged(app, "triggered") == 1)
        # The warning keeps the whole of it from being taken; its neighbour is told meanwhile.
        assert (await app.webhook(made("note", "warning"), made("shop"))).status_code == 503
        await app.until(lambda: paged(app, "triggered") == 2)
        assert (await app.webhook(made("pay", ends=True), made("shop", ends=True))).status_code == 200
        await app.until(lambda: paged(app, "resolved") == 2)
        memory = app.gateway.health.worries.memory
        assert memory is not None
        await memory.look()  # which it does once a second, by itself
        assert any("the store uses" in worry for worry in (await app.ask("/health")).json()["worries"])
        await app.gateway.auditor.look()
        assert not any(app.gateway.auditor.imbalances.values())
        await starter.stack.aclose()


@pytest.mark.parametrize("which", ["valkey", "redis"])
async def test_a_gateway_that_starts_on_a_full_store_pages_and_tells_the_ends_of_before(
    starter: Starter, which: str
) -> None:
    with redis_server(which) as url:
        starter.more["GATEWAY_REDIS_URL"] = url
        app = await starter.start()
        assert (await app.webhook(made("pay"))).status_code == 200
        await app.until(lambda: paged(app, "triggered") == 1)
        await starter.stack.aclose()
        await fill(url)
        app = await starter.start()
        assert (await app.webhook(made("shop"))).status_code == 200
        await app.until(lambda: paged(app, "triggered") == 2)
        assert (await app.webhook(made("pay", ends=True))).status_code == 200
        await app.until(lambda: paged(app, "resolved") == 1)
        await starter.stack.aclose()


SOURCES = """
sources:
  - {name: loud, match: ['team="loud"'], token: {env: HOOK_LOUD}}
  - {name: quiet, match: ['team="quiet"'], token: {env: HOOK_QUIET}}
"""


async def post(app: Running, team: str, service: str) -> int:
    """Send a critical alert of a team with the token of its source; the answer's status."""
    sent = made(service)
    labelled = {**sent, "labels": {**sent["labels"], "team": team}}  # type: ignore[dict-item]
    headers = {"Authorization": f"Bearer {team}-token"}
    return (await app.client.post("/webhooks/alertmanager", json=body(labelled), headers=headers)).status_code


async def test_a_source_that_floods_with_critical_alerts_keeps_nobody_elses_page_out(
    starter: Starter,
) -> None:
    with redis_server("redis") as url:
        (starter.folder / "rules.yaml").write_text(RULES + SOURCES, "utf-8")
        starter.more |= {
            "GATEWAY_REDIS_URL": url,
            "HOOK_LOUD": "loud-token",
            "HOOK_QUIET": "quiet-token",
            "GATEWAY_WEBHOOK_TOKEN": "shared",
        }
        app = await starter.start()
        await fill(url)
        memory = app.gateway.health.worries.memory
        assert memory is not None
        await app.until(lambda: memory.reserve.limit == LIMIT)
        flood = [await post(app, "loud", f"service{number}") for number in range(10)]
        assert flood[0] == 200
        assert set(flood[5:]) == {503}
        assert await post(app, "quiet", "pay") == 200
        await app.until(lambda: paged(app, "triggered") == flood.count(200) + 1)
        await starter.stack.aclose()

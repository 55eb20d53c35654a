"""Sources in a running gateway: a reload applies at once, and what is wrong with one is said."""

from __future__ import annotations

from pathlib import Path

from tests.support.processes import alert, body
from tests.support.running_gateway import RULES, Running, Starter

EU = "sources:\n  - {name: eu, match: ['service=\"pay\"'], token: {env: HOOK_EU}, repeat_interval: 30m}\n"


async def sent(app: Running, token: str, service: str) -> tuple[int, int]:
    """The answer's status, and how many alerts went to quarantine."""
    answer = await app.client.post(
        "/webhooks/alertmanager",
        json=body(alert(service, starts="2026-11-23T10:00:00Z")),
        headers={"authorization": f"Bearer {token}"},
    )
    return answer.status_code, answer.json().get("quarantined", 0)


async def started(starter: Starter, rules: str, **more: str) -> Running:
    Path(starter.folder / "rules.yaml").write_text(rules, "utf-8")
    starter.more = more
    return await starter.start()


async def given(app: Running, rules: str) -> None:
    Path(app.folder / "rules.yaml").write_text(rules, "utf-8")
    assert await app.gateway.reloader.reload()


async def test_a_reload_gives_and_takes_a_sources_rights_at_once(starter: Starter) -> None:
    app = await started(starter, RULES, GATEWAY_WEBHOOK_TOKEN="shared", HOOK_EU="token-of-eu")
    assert await sent(app, "token-of-eu", "pay") == (401, 0)
    await given(app, RULES + EU)
    assert await sent(app, "token-of-eu", "pay") == (200, 0)
    assert await sent(app, "token-of-eu", "cart") == (200, 1)
    assert await sent(app, "shared", "cart") == (200, 0)
    await given(app, RULES)
    assert await sent(app, "token-of-eu", "pay") == (401, 0)


async def test_an_alert_outside_of_its_source_is_listed_with_the_source_and_balances(
    starter: Starter,
) -> None:
    app = await started(starter, RULES + EU, HOOK_EU="token-of-eu")
    await sent(app, "token-of-eu", "cart")
    (entry,) = (await app.ask("/api/v1/quarantine")).json()["items"]
    assert entry["source"] == "eu"
    assert "widen `match`" in entry["error"]
    metrics = (await app.ask("/metrics")).text
    assert 'gateway_observations_total{outcome="quarantined",reason="outside_source"} 1.0' in metrics
    assert 'gateway_source_alerts_total{outcome="quarantined",source="eu"} 1.0' in metrics
    await app.gateway.auditor.look()
    assert not any(app.gateway.auditor.imbalances.values())

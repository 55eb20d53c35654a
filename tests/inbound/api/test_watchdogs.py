"""Watchdogs are listed with their last heartbeat."""

from __future__ import annotations

from tests.support.running_gateway import RULES, Starter

WATCHED = (
    RULES
    + """watchdogs:
  - {name: prometheus-eu, match: ['alertname="Watchdog"'], every: 5m, page: [pager]}
"""
)


async def test_a_watchdog_is_listed_before_and_after_its_first_heartbeat(starter: Starter) -> None:
    (starter.folder / "rules.yaml").write_text(WATCHED, "utf-8")
    app = await starter.start()
    (before,) = (await app.ask("/api/v1/watchdogs")).json()["items"]
    assert (before["name"], before["every_seconds"], before["last_heartbeat"]) == ("prometheus-eu", 300, None)
    assert before["rule"].startswith("prometheus-eu (")
    await app.webhook(
        {"status": "firing", "labels": {"alertname": "Watchdog"}, "startsAt": "2026-11-23T10:00:00Z"}
    )
    (after,) = (await app.ask("/api/v1/watchdogs")).json()["items"]
    assert after["last_heartbeat"] is not None
    assert after["missing_since"] is None

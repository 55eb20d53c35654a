"""A gateway that can tell nobody says so where it still can: which alerts, why, and where to look."""

from __future__ import annotations

import json

import pytest

from gateway.sandbox import Fault, FaultKind
from gateway.self_monitoring import auditor as audit
from gateway.self_monitoring import own_alerts
from tests.support.processes import alert
from tests.support.running_gateway import RULES, Running, Starter

SMALLEST = RULES.replace(", fallback: [chat], fallback_after: 1s", "")
REVOKED = Fault(FaultKind.ERROR, error="token_revoked")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "AUDIT_SECONDS", 0.1)
    monkeypatch.setattr(own_alerts, "LOOK_SECONDS", 0.1)


async def started(starter: Starter, rules: str) -> Running:
    (starter.folder / "rules.yaml").write_text(rules, "utf-8")
    return await starter.start()


@pytest.mark.usefixtures("quick")
async def test_the_page_of_last_resort_names_the_alert_the_reason_and_where_to_look(starter: Starter) -> None:
    app = await started(starter, SMALLEST)
    app.slack.faults.add(REVOKED)
    await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z", severity="warning"))
    await app.until(lambda: any("GatewayUnheard" in one.title for one in app.pagerduty.incidents))
    page = next(one for one in app.pagerduty.incidents if "GatewayUnheard" in one.title)
    said = json.dumps(page, default=str)
    assert "Down" in said
    assert "token_revoked" in said
    assert "/health" in said
    health = (await app.ask("/health")).json()
    assert (
        "nobody could be told of alerts in 1 incident: `gateway incidents` says of which, `gateway incidents ID` why"
        in (health["worries"])
    )
    listed = (await app.ask("/api/v1/incidents")).json()["items"]
    ((unheard,),) = [one["unheard"] for one in listed if one["unheard"]]
    assert (unheard["count"], unheard["reason"], unheard["because"]) == (
        1,
        "dead_letter",
        "chat: token_revoked",
    )


@pytest.mark.usefixtures("quick")
async def test_it_is_told_at_a_destination_that_no_route_of_it_names(starter: Starter) -> None:
    """The only route names the channel that refuses: the report goes to whoever else there is."""
    other = '  other: {slack: {channel: "#other"}}\nroutes:'
    rules = SMALLEST.replace("routes:", other).replace("page: [pager], ", "")
    app = await started(starter, rules.replace("page_when: {any: [{severity: critical}]}, ", ""))
    app.slack.add_channel("other")
    app.slack.faults.add(Fault(FaultKind.ERROR, error="is_archived", subject="alerts"))
    await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z", severity="warning"))
    await app.until(lambda: any("GatewayUnheard" in one.text for one in app.slack.messages("other")))

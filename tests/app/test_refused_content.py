"""A page goes out whatever its alerts carry: what PagerDuty refuses is left out of it."""

from __future__ import annotations

import json

import pytest

from gateway.sandbox import Fault, FaultKind
from tests.support.processes import alert
from tests.support.running_gateway import Running


@pytest.mark.parametrize("refused", [1, 2, 3, 4])
async def test_content_that_pagerduty_refuses_with_400_is_paged_plainly(app: Running, refused: int) -> None:
    """One page, at once, with what is needed to find the incident; nothing of it is a dead letter."""
    app.pagerduty.faults.add(
        Fault(FaultKind.ERROR, error="'payload.custom_details' is invalid", count=refused)
    )
    await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z", strange="\u202e\u0000" * 500))
    await app.until(lambda: bool(app.pagerduty.incidents))
    (page,) = app.pagerduty.incidents
    (shown,) = (await app.ask("/api/v1/incidents")).json()["items"]
    assert shown["id"] in json.dumps(page.first)
    assert page.status == "triggered"
    assert (await app.ask("/api/v1/dead-letters")).json()["items"] == []
    await app.webhook(
        alert("pay", starts="2026-11-23T10:00:00Z", ends="2026-11-23T11:00:00Z", strange="\u202e\u0000" * 500)
    )
    await app.until(lambda: page.status == "resolved")

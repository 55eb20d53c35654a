"""The pause of paging and the bypass of suppression over the API."""

from __future__ import annotations

import json

from tests.support.running_gateway import Running


async def test_a_pause_is_said_aloud_until_it_is_lifted(app: Running) -> None:
    answer = await app.ask(
        "/api/v1/orders/pause", "POST", json={"by": "anna", "duration": "1h", "reason": "drill"}
    )
    assert answer.json()["pause"]["by"] == "anna"
    await app.gateway.auditor.look()
    assert any(
        worry.startswith("paging is paused until ") for worry in (await app.ask("/health")).json()["worries"]
    )
    assert 'gateway_ordered{what="pause"} 1.0' in (await app.ask("/metrics")).text
    await app.until(
        lambda: "Nobody is paged" in json.dumps([one.blocks for one in app.slack.messages("alerts")])
    )
    assert (await app.ask("/api/v1/orders/pause", "POST", json={"by": "anna"})).json() == {
        "pause": None,
        "bypass": None,
    }
    await app.gateway.auditor.look()
    assert (await app.ask("/health")).json()["worries"] == []


async def test_a_field_that_is_none_is_answered_with_those_that_there_are(app: Running) -> None:
    refused = await app.ask("/api/v1/orders/pause", "POST", json={"by": "anna", "for": "1h"})
    problem = refused.json()
    assert (refused.status_code, problem["field"], problem["error"]) == (400, "for", "there is no such field")
    assert "duration" in problem["remedy"]

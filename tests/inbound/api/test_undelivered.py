"""What did not get through is listed by the API, and tried again."""

from __future__ import annotations

import asyncio

from gateway.sandbox import Fault, FaultKind
from tests.support.patience import PATIENCE
from tests.support.processes import alert
from tests.support.running_gateway import Running


async def test_a_dead_letter_is_listed_and_tried_again(app: Running) -> None:
    app.pagerduty.faults.add(Fault(FaultKind.ERROR, method="trigger", error="invalid"))
    await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z"))
    await app.until(lambda: app.slack.messages("alerts") and app.slack.messages("alerts")[0].replies)
    # The fallback is told first, while plainer forms of the page are still tried.
    async with asyncio.timeout(PATIENCE):
        while not (letters := (await app.shown("/api/v1/dead-letters"))["items"]):
            await asyncio.sleep(0.1)
    assert [(one["target"], one["dead_letter"], one["severity"]) for one in letters] == [
        ("pager", "invalid", "critical")
    ]
    assert "pay" in letters[0]["title"]
    assert letters[0]["failing_since"]
    assert letters[0]["asked_again_at"] is None
    assert (await app.shown("/api/v1/dead-letters?destination=chat"))["items"] == []
    app.pagerduty.faults.clear()
    await app.shown(f"/api/v1/dead-letters/{letters[0]['incident']}/pager/retry", "POST")
    await app.until(lambda: app.pagerduty.incidents)
    await app.shown(f"/api/v1/dead-letters/{letters[0]['incident']}/pager/retry", "POST", 409)


async def test_the_dead_letters_of_a_destination_are_tried_again_together(app: Running) -> None:
    app.pagerduty.faults.add(Fault(FaultKind.STATUS, method="trigger", count=1, status=403))
    await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z"))
    await app.until(lambda: app.slack.messages("alerts") and app.slack.messages("alerts")[0].replies)
    (letter,) = (await app.shown("/api/v1/dead-letters?destination=pager"))["items"]
    assert (letter["dead_letter"], bool(letter["asked_again_at"])) == ("proxy", True)
    retry = "/api/v1/dead-letters/retry"
    assert (await app.shown(retry, "POST", json={"destination": "chat"}))["letters"] == 0
    assert (await app.shown(retry, "POST", json={"destination": "pager"}))["letters"] == 1
    await app.until(lambda: app.pagerduty.incidents)
    assert (await app.shown(retry, "POST", json={}))["letters"] == 0
    await app.shown(retry, "POST", 400, json={"target": "pager"})


async def test_the_quarantine_lists_what_could_not_be_taken(app: Running) -> None:
    for _ in range(3):
        await app.client.post("/webhooks/alertmanager", json={"alerts": [{"labels": {"a": [5]}}]})
    listed = await app.shown("/api/v1/quarantine")
    assert [(one["field"], one["times"]) for one in listed["items"]] == [("alerts[].labels.a", 3)]
    assert '"a":[5]' in listed["items"][0]["raw"].replace(" ", "")

"""What Alertmanager left out of a group (`max_alerts`) is said wherever the group's alerts are shown, until the
group is whole again.
"""

from __future__ import annotations

import asyncio
from typing import Any

from tests.support.patience import PATIENCE
from tests.support.running_gateway import Running

STARTS = "2026-11-23T10:00:00Z"


def disk(number: int, status: str = "firing") -> dict[str, Any]:
    labels = {"alertname": "DiskFull", "severity": "critical", "service": "db", "instance": f"n{number}"}
    ends = {"endsAt": "2026-11-23T11:00:00Z"} if status == "resolved" else {}
    return {"status": status, "labels": labels, "startsAt": STARTS, **ends}


async def send(
    app: Running, *alerts: dict[str, Any], left_out: int, group: str = '{}:{alertname="DiskFull"}'
) -> None:
    body = {"alerts": [*alerts], "groupKey": group, "receiver": "gw", "truncatedAlerts": left_out}
    assert (await app.ask("/webhooks/alertmanager", "POST", json=body)).status_code == 200


def shown(app: Running) -> str:
    return " ".join(str(message.blocks) for message in app.slack.messages("alerts"))


async def test_the_message_and_the_page_say_how_many_are_missing_until_the_group_is_whole(
    app: Running,
) -> None:
    await send(app, disk(1), disk(2), left_out=37)
    await app.until(lambda: "and 37 more of this group that Alertmanager left out" in shown(app))
    await app.until(lambda: app.pagerduty.incidents)
    assert "and 37 more of this group" in str(app.pagerduty.incidents[-1])
    listed = (await app.ask("/api/v1/incidents")).json()["items"]
    (incident,) = (one for one in listed if one["title"].startswith("DiskFull"))
    assert (incident["firing"], incident["members"]) == (2, 2), "nobody knows them, so they are no members"

    await send(app, disk(1), disk(2), left_out=12)
    await app.until(lambda: "and 12 more of this group" in shown(app))

    await send(app, disk(1), disk(2), disk(3), left_out=0, group="{}:{}")
    await app.until(lambda: "3 alerts" in shown(app))
    assert "and 12 more of this group" in shown(app), "another group came whole"

    await send(app, disk(1), disk(2), disk(3), left_out=0)
    await app.until(lambda: "of this group" not in shown(app))
    whole = (await app.ask(f"/api/v1/incidents/{incident['id']}")).json()
    lines = [line["detail"]["alerts"] for line in whole["timeline"] if line["what"] == "left_out_at_source"]
    assert sorted(lines) == [0, 12, 37]


async def test_an_incident_whose_alert_is_itself_left_out_by_now_is_told_too(app: Running) -> None:
    await send(app, disk(9), left_out=3)
    await app.until(lambda: "and 3 more of this group" in shown(app))
    await send(app, disk(1), left_out=4)
    await app.until(lambda: "and 4 more of this group" in shown(app))
    await send(app, disk(1), disk(9), left_out=0)
    await app.until(lambda: "of this group" not in shown(app))


async def test_health_and_an_own_alert_say_it_for_as_long_as_it_is_so(app: Running) -> None:
    await send(app, disk(1), left_out=37)

    async def worries() -> list[str]:
        found = (await app.ask("/health")).json()["worries"]
        return [worry for worry in found if "without all their alerts (max_alerts)" in worry]

    async with asyncio.timeout(PATIENCE):
        while not await worries():
            await asyncio.sleep(0.05)
    await app.until(lambda: "GatewayTurnedAway" in str(app.slack.messages("alerts")))
    metrics = (await app.ask("/metrics")).text
    assert 'gateway_turned_away_total{reason="truncated",source="default"} 37.0' in metrics
    await send(app, disk(1), left_out=0)
    async with asyncio.timeout(PATIENCE):
        while await worries():
            await asyncio.sleep(0.05)


async def reported(app: Running) -> list[dict[str, Any]]:
    items = (await app.ask("/api/v1/turned-away")).json()["items"]
    return [item for item in items if item["reason"] == "truncated"]


async def test_a_group_whose_last_webhook_is_itself_cut_short_is_reported_until_all_has_ended(
    app: Running,
) -> None:
    await send(app, disk(1), left_out=37)
    async with asyncio.timeout(PATIENCE):
        while not await reported(app):
            await asyncio.sleep(0.05)
    await send(app, disk(1, "resolved"), left_out=37)
    async with asyncio.timeout(PATIENCE):
        while await reported(app):
            await asyncio.sleep(0.05)


async def test_a_group_of_which_nothing_could_be_read_is_reported_too(app: Running) -> None:
    await send(app, {**disk(1), "labels": {}}, left_out=37)
    async with asyncio.timeout(PATIENCE):
        while not (items := await reported(app)):
            await asyncio.sleep(0.05)
    assert [item["error"] for item in items] == ["37 alerts of 1 group"]

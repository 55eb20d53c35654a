"""A gateway's report can be made again from its own events, by a program that shares nothing with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.oracles.statistics import recompute
from tests.oracles.test_statistics import BYS, differences
from tests.support.processes import alert
from tests.support.running_gateway import Running


def milliseconds(instant: str) -> int:
    return round(datetime.fromisoformat(instant).timestamp() * 1000)


async def post(app: Running, path: str, **body: Any) -> dict[str, Any]:
    answered = await app.ask(f"/api/v1/{path}", "POST", json=body)
    assert answered.status_code < 300, answered.text
    made: dict[str, Any] = answered.json()
    return made


async def lines_of(app: Running) -> list[str]:
    answered = await app.ask("/api/v1/statistics/events")
    assert answered.status_code == 200, answered.text
    return answered.text.splitlines()


async def test_the_report_of_a_running_gateway_says_what_its_events_say(app: Running) -> None:
    incident = await app.told()
    await post(app, f"incidents/{incident}/acknowledge", by="ann")
    label = await post(app, "statistics/labels", by="ann", incident=incident, value="actionable")
    await post(app, "statistics/labels", by="bob", pages=label["pages"], value="noise", reason="expected")
    await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z", ends="2026-11-23T10:05:00Z"))
    while not any('"incident_end"' in line for line in await lines_of(app)):
        pass
    await app.webhook(alert("cart", starts="2026-11-23T11:00:00Z"))
    while sum('"page"' in line and '"draw"' in line for line in await lines_of(app)) < 2:
        pass
    for by in BYS:
        for bucket in ("none", "week"):
            query = {"by": by, "bucket": bucket, "tz": "Asia/Kathmandu", "sample": "1"}
            report = (await app.ask("/api/v1/statistics", params=query)).json()
            asking = {name: milliseconds(report[name]) for name in ("from", "to", "as_of")}
            viewer = {"person": None, "administers": True}
            made = recompute(
                await lines_of(app),
                **asking,
                by=by,
                bucket=bucket,
                tz="Asia/Kathmandu",
                sample=1.0,
                viewer=viewer,
            )
            assert differences(report, made) == [], by
            assert report["total"]["counts"]["pages"] == 2
            assert report["total"]["labels"]["conflicts_persons"] == 1

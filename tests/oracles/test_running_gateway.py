"""A gateway's report can be made again from its own events, by a program that shares nothing with it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from tests.oracles.statistics import recompute
from tests.oracles.test_statistics import BYS, differences
from tests.support.processes import alert
from tests.support.running_gateway import Running, Starter
from tests.support.slack_office import opened


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
    total = await made_again(app)
    assert total["counts"]["pages"] == 2
    assert total["labels"]["conflicts_persons"] == 1


async def test_the_label_of_a_note_in_slack_is_in_the_report_and_follows_from_the_acknowledgement(
    starter: Starter,
) -> None:
    async with opened(starter) as office:
        incident = (await office.incident()).id
        await office.write(f"ack {incident} because the disk is full", "U0BOB")
        events = [json.loads(line) for line in await lines_of(office.app)]
        (taken,) = [event for event in events if event["kind"] == "acknowledged"]
        (label,) = [event for event in events if event["kind"] == "label"]
        assert (taken["through"], taken["human"], taken["note"]) == ("slack", True, True)
        pages = [event["id"] for event in events if event["kind"] == "page" and event["at"] <= taken["at"]]
        assert (label["at"], label["pages"]) == (taken["at"], pages)
        total = await made_again(office.app)
        assert total["labels"]["by_trust"]["slack_ack_note"]["actionable"] == 1
        assert (total["precision"]["value"], total["precision_sampled"]["n"]) == (1.0, 0)


async def made_again(app: Running) -> dict[str, Any]:
    """Make every report again of the events alone, and return the total of the last one."""
    report: dict[str, Any] = {}
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
    total: dict[str, Any] = report["total"]
    return total

"""The statistics of a running gateway: what it did is in the events, and the report is made of these alone."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from typing import Any

import httpx
import pytest

from gateway.decisions.statistics.report import report
from gateway.model.agenda import Subject
from gateway.model.changes import Changes, Query
from gateway.model.digest import DigestState, digest_cell, dump_digest
from gateway.model.statistics.events import from_line
from gateway.model.statistics.history import History
from gateway.model.statistics.request import StatisticsRequest, Viewer
from tests.support.people import shown, tokens_of
from tests.support.processes import alert
from tests.support.running_gateway import RULES, Running, Starter

STARTS = "2026-11-23T10:00:00Z"


async def events(app: Running, **query: str) -> list[dict[str, Any]]:
    answered = await app.ask("/api/v1/statistics/events", params=query)
    assert answered.status_code == 200, answered.text
    return [json.loads(line) for line in answered.text.splitlines()]


async def kinds(app: Running) -> list[str]:
    return [event["kind"] for event in await events(app)]


async def total(app: Running, **query: str) -> dict[str, Any]:
    answered = await app.ask("/api/v1/statistics", params=query)
    assert answered.status_code == 200, answered.text
    found: dict[str, Any] = answered.json()["total"]
    return found


async def post(app: Running, path: str, **body: Any) -> httpx.Response:
    return await app.ask(f"/api/v1/{path}", "POST", json=body)


async def test_a_page_its_call_and_its_end_are_written_with_what_they_tell_of(app: Running) -> None:
    incident = await app.told()
    assert await kinds(app) == ["rules", "service_seen", "page", "call"]
    seen, page, call = (await events(app))[1:]
    assert (seen["service"], seen["alertname"]) == ("pay", page["alertname"])
    assert page["id"] == f"{incident}|pager|1"
    assert (page["destination"], page["route"], page["severity"], page["own"]) == (
        "pager",
        "everything",
        "critical",
        False,
    )
    assert 0 <= page["draw"] < 1
    assert (call["page"], call["call_kind"], call["confirmed"]) == (page["id"], "first", False)
    ended = alert("pay", starts=STARTS, ends="2026-11-23T10:05:00Z")
    await app.webhook(ended)
    while "incident_end" not in await kinds(app):
        pass
    (end,) = [event for event in await events(app) if event["kind"] == "incident_end"]
    assert (end["incident"], end["how"]) == (incident, "observed")


async def test_what_is_over_by_itself_within_minutes_is_implied_to_be_noise_unless_somebody_touched_it(
    app: Running,
) -> None:
    incident = await app.told()
    await app.webhook(alert("pay", starts=STARTS, ends="2026-11-23T10:05:00Z"))
    while "label" not in await kinds(app):
        pass
    (label,) = [event for event in await events(app) if event["kind"] == "label"]
    assert (label["pages"], label["value"], label["trust"]) == (
        [f"{incident}|pager|1"],
        "noise",
        "self_resolved",
    )
    assert (await total(app))["labels"]["by_trust"]["self_resolved"]["noise"] == 1


async def test_what_people_do_is_written_by_a_pseudonym_that_is_the_same_each_time(app: Running) -> None:
    incident = await app.told()
    await post(app, f"incidents/{incident}/acknowledge", by="ann")
    await post(app, f"incidents/{incident}/unacknowledge", by="Ann ")
    await post(app, f"incidents/{incident}/snooze", by="bob", duration="5m")
    acts = [
        event for event in await events(app) if event["kind"] in ("acknowledged", "unacknowledged", "snoozed")
    ]
    assert [(act["kind"], act["through"], act["human"]) for act in acts] == [
        ("acknowledged", "api", True),
        ("unacknowledged", "api", True),
        ("snoozed", "api", True),
    ]
    assert acts[0]["by"] == acts[1]["by"] != acts[2]["by"]
    assert "ann" not in json.dumps(acts)
    assert (await total(app))["mtta"]["acknowledged"] == 1


async def test_a_label_counts_until_it_is_taken_back(app: Running) -> None:
    incident = await app.told()
    given = (await post(app, "statistics/labels", by="ann", incident=incident, value="actionable")).json()
    assert given["pages"] == [f"{incident}|pager|1"]
    assert (await total(app))["precision"]["value"] == 1.0
    await post(app, "statistics/labels", by="bob", pages=given["pages"], value="noise", reason="expected")
    labels = (await total(app))["labels"]
    assert (labels["noise"], labels["conflicts_persons"], labels["noise_reasons"]) == (1, 1, {"expected": 1})
    mine = [event["id"] for event in await events(app) if event["kind"] == "label"][-1]
    assert (await post(app, "statistics/labels/withdraw", by="eve", label=mine)).status_code == 404
    assert (await post(app, "statistics/labels/withdraw", by="bob", label=mine)).status_code == 200
    assert (await total(app))["precision"]["value"] == 1.0


async def test_the_report_can_be_made_again_of_the_events_alone(app: Running) -> None:
    incident = await app.told()
    await post(app, "statistics/labels", by="ann", incident=incident, value="noise")
    answered = (await app.ask("/api/v1/statistics")).json()
    read = [from_line(line) for line in (await app.ask("/api/v1/statistics/events")).text.splitlines()]
    again = report(
        History(events=read, seed=answered["seed"]),
        StatisticsRequest(0, 4_000_000_000_000, 4_000_000_000_000, viewer=Viewer(administers=True)),
    )
    assert again.total.precision.value == answered["total"]["precision"]["value"] == 0.0
    assert again.total.counts.pages == answered["total"]["counts"]["pages"] == 1


async def test_events_are_read_on_from_a_cursor_and_by_kind(app: Running) -> None:
    await app.told()
    whole = await events(app)
    after = f"{whole[0]['at']} {whole[0]['id']}"
    assert await events(app, cursor=after) == whole[1:]
    assert await events(app, kind="call") == [whole[3]]
    assert await events(app, limit="2") == whole[:2]
    assert await events(app, limit="2", cursor=f"{whole[1]['at']} {whole[1]['id']}") == whole[2:]
    assert await events(app, to="2020-01-01T00:00:00Z") == []


async def test_csv_is_the_same_flattened(app: Running) -> None:
    await app.told()
    answered = await app.ask("/api/v1/statistics", params={"format": "csv", "by": "route"})
    rows = list(csv.DictReader(io.StringIO(answered.text)))
    shown = [(row["part"], row["key"], row["counts.pages"], row["load.by_hour.00"]) for row in rows]
    assert shown == [("row", "everything", "1", ""), ("total", "", "1", "")]
    assert json.loads(rows[0]["precision.because"])["value"] == "no_labels"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        # It is understood, and no report can be made of it.
        ({"from": "2026-12-02T00:00:00Z", "to": "2026-12-01T00:00:00Z"}, 409),
        ({"tz": "Nowhere/None"}, 409),
        ({"cutoff": "61d"}, 409),
        # It is not as it is described.
        ({"cutoff": ""}, 400),
        ({"by": "colour"}, 400),
        ({"sample": "2"}, 400),
        ({"sample": "nan"}, 400),
        ({"sample": "0_1"}, 400),
        ({"from": "yesterday"}, 400),
    ],
)
async def test_what_no_report_can_be_made_of_is_refused(
    app: Running, query: dict[str, str], status: int
) -> None:
    assert (await app.ask("/api/v1/statistics", params=query)).status_code == status


async def test_a_reason_of_what_was_no_noise_is_refused_and_not_dropped(app: Running) -> None:
    incident = await app.told()
    asked = {"by": "bob", "incident": incident, "reason": "expected"}
    assert (await post(app, "statistics/labels", value="actionable", **asked)).status_code == 409
    assert "label" not in await kinds(app)
    assert (await post(app, "statistics/labels", value="noise", **asked)).status_code == 200


async def test_events_are_for_those_who_administer(starter: Starter) -> None:
    path = starter.folder / "tokens"
    tokens = tokens_of(path, wall="see", root="administer")
    starter.more = {"GATEWAY_TOKENS_FILE": str(path), "GATEWAY_ADMIN_TOKEN": "the-admin-token-of-all"}
    app = await starter.start()
    asked = "/api/v1/statistics/events"
    assert (await app.ask(asked, headers=shown(tokens["wall"]))).status_code == 403
    assert (await app.ask(asked, headers=shown(tokens["root"]))).status_code == 200
    assert (await app.ask("/api/v1/statistics", headers=shown(tokens["wall"]))).status_code == 200


DIGEST = """
precision: {digest: {at: "monday 09:00", location: Europe/Berlin, to: {shop: [chat]}}}
"""


async def test_a_weekly_digest_that_was_missed_while_nothing_ran_is_posted_once(starter: Starter) -> None:
    (starter.folder / "rules.yaml").write_text(RULES + DIGEST, "utf-8")
    app = await starter.start()
    home = app.gateway.shards.home
    cell = digest_cell("shop")
    while not (await home.gather(Query(cells=(cell,)))).rows[cell].value:
        await asyncio.sleep(0.05)
    # As it was two weeks ago.
    old = dump_digest(DigestState(moment=1_795_000_000_000))
    await home.commit(Changes(put={cell: old}, agenda={Subject.digest("shop"): (await home.now(), 8)}))
    await app.until(lambda: any("Pages of shop" in message.text for message in app.slack.messages("alerts")))
    (message,) = app.slack.messages("alerts")
    assert "Four weeks: 0 pages" in json.dumps(message.blocks)
    assert "actions" not in json.dumps(message.blocks)


async def test_names_are_shown_where_the_rules_let_them_be_and_are_forgotten_for_good(
    starter: Starter,
) -> None:
    (starter.folder / "rules.yaml").write_text(RULES + "precision: {persons: all}\n", "utf-8")
    app = await starter.start()
    await post(app, f"incidents/{await app.told()}/acknowledge", by="ann")
    persons = "/api/v1/statistics/persons"
    (act,) = [event for event in await events(app) if event["kind"] == "acknowledged"]
    assert (await app.ask(persons)).json()["items"] == [{"person": act["by"], "name": "ann"}]
    answered = await post(app, "statistics/persons/forget", by="root", name="Ann")
    assert answered.json() == {"person": act["by"]}
    assert (await app.ask(persons)).json()["items"] == []


async def test_names_are_not_shown_unless_the_rules_say_so(app: Running) -> None:
    assert (await app.ask("/api/v1/statistics/persons")).status_code == 409

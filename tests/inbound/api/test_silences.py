"""Silences over the API."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.running_gateway import RULES, Running

ROOT = Path(__file__).parents[2]
ASKED = {"matchers": ['service="pay"'], "by": "anna", "duration": "1h"}


async def made(app: Running, **more: object) -> dict[str, str]:
    answer = await app.ask("/api/v1/silences", "POST", json={**ASKED, "confirm": True, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, str] = answer.json()
    return found


async def test_a_preview_says_what_would_be_hidden_and_makes_nothing(app: Running) -> None:
    await app.told()
    found = (await app.ask("/api/v1/silences/preview", "POST", json=ASKED)).json()
    assert (found["firing"], found["firing_hidden"], found["critical"], found["names"]) == (
        1,
        1,
        1,
        {"Down": 1},
    )
    assert found["warnings"]
    assert (await app.ask("/api/v1/silences?state=all")).json() == {"items": []}


async def test_a_silence_with_warnings_has_to_be_confirmed(app: Running) -> None:
    await app.told()
    refused = await app.ask("/api/v1/silences", "POST", json=ASKED)
    assert refused.status_code == 409
    assert "critical" in refused.json()["error"]
    assert '"confirm": true' in refused.json()["remedy"]
    assert (await made(app))["state"] == "active"


async def test_a_silence_lives_through_the_api(app: Running) -> None:
    one = await made(app, reason="noisy")
    path = f"/api/v1/silences/{one['id']}"
    assert [each["id"] for each in (await app.ask("/api/v1/silences")).json()["items"]] == [one["id"]]
    later = (await app.ask(f"{path}/extend", "POST", json={"by": "anna", "duration": "3h"})).json()
    assert later["ends_at"] > one["ends_at"]
    ended = (await app.ask(f"{path}/end", "POST", json={"by": "bob"})).json()
    assert (ended["state"], ended["ended_by"]) == ("ended", "bob")
    assert (await app.ask(path)).json() == ended
    assert (await app.ask("/api/v1/silences")).json()["items"] == []
    assert (await app.ask(f"{path}/end", "POST", json={"by": "bob"})).status_code == 409


@pytest.mark.parametrize(
    ("asked", "status", "field"),
    [
        ({**ASKED, "matchers": []}, 400, "matchers"),
        ({**ASKED, "matchers": ["a=~("]}, 409, "matchers"),
        ({**ASKED, "duration": "soon"}, 400, "duration"),
        ({**ASKED, "duration": "9d"}, 409, "ends_at"),
        ({**ASKED, "duration": "9999999999d"}, 409, "duration"),
        ({**ASKED, "duration": ""}, 409, "ends_at"),
        ({**ASKED, "duration": "", "ends_at": "2027-01-01T00:00:00"}, 400, "ends_at"),
        ({**ASKED, "during": ["never-heard"]}, 409, "during"),
        ({**ASKED, "colour": "red"}, 400, "colour"),
        ({"matchers": ['a="b"'], "duration": "1h"}, 409, "by"),
    ],
)
async def test_a_wrong_wish_names_its_field(
    app: Running, asked: dict[str, object], status: int, field: str
) -> None:
    answer = await app.ask("/api/v1/silences", "POST", json=asked)
    assert (answer.status_code, answer.json()["field"]) == (status, field)


async def test_a_silence_that_is_not_there_is_a_404(app: Running) -> None:
    for path, method in (("none", "GET"), ("none/end", "POST"), ("none/approve", "POST")):
        answer = await app.ask(
            f"/api/v1/silences/{path}", method, json={"by": "bob"} if method == "POST" else None
        )
        assert answer.status_code == 404


async def test_a_silenced_alert_says_so_wherever_it_is_looked_at(app: Running) -> None:
    one = await made(app, reason="noisy", ticket="CHG-1")
    assert (await app.webhook({"status": "firing", "labels": {"alertname": "Down", "service": "pay"}, "startsAt": "2026-11-23T10:00:00Z"})).status_code == 200  # fmt: skip
    verdicts: list[dict[str, str]] = []
    while not verdicts:
        await asyncio.sleep(0.02)
        verdicts = (await app.ask("/api/v1/verdicts")).json()["items"]
    assert {(each["standing"], each["reason"], each["rule"], each["because"]) for each in verdicts} == {
        ("suppressed", "silenced", f"silence {one['id']} by anna", "CHG-1 noisy")
    }
    assert {each["until"] for each in verdicts} == {one["ends_at"]}


async def test_a_silence_says_that_a_second_person_has_to_approve_it_while_it_lasts(app: Running) -> None:
    assert not (await made(app))["needs_approval"]
    (app.folder / "rules.yaml").write_text(RULES + "policy: {silences: {critical: four_eyes}}\n", "utf-8")
    assert await app.gateway.reloader.reload()
    one = await made(app)
    assert one["needs_approval"]
    ended = (await app.ask(f"/api/v1/silences/{one['id']}/end", "POST", json={"by": "anna"})).json()
    assert not ended["needs_approval"]


@pytest.mark.parametrize("field", ["starts_at", "ends_at"])
@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
async def test_a_moment_at_the_end_of_the_calendar_is_refused_and_no_fault(
    app: Running, field: str, moment: str
) -> None:
    answer = await app.ask("/api/v1/silences", "POST", json={**ASKED, field: moment})
    assert (answer.status_code, answer.json()["field"]) == (409, field)


async def test_the_first_characters_of_a_silence_are_enough_wherever_it_is_named(app: Running) -> None:
    name = (await made(app))["id"]
    path = f"/api/v1/silences/{name[:4]}"
    assert (await app.ask(path)).json()["id"] == name
    later = (await app.ask(f"{path}/extend", "POST", json={"by": "anna", "duration": "3h"})).json()
    assert later["id"] == name
    ended = (await app.ask(f"{path}/end", "POST", json={"by": "bob"})).json()
    assert (ended["id"], ended["state"], ended["ended_by"]) == (name, "ended", "bob")

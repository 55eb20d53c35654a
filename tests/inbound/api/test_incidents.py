"""What people and scripts ask of a running gateway."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.sandbox import Fault, FaultKind
from tests.support.processes import alert
from tests.support.running_gateway import PATIENCE, Running


async def shown(
    app: Running, path: str, method: str = "GET", status: int = 200, **more: Any
) -> dict[str, Any]:
    answer = await app.ask(path, method, **more)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


async def test_an_incident_is_listed_and_shown_whole(app: Running) -> None:
    incident = await app.told()
    listed = await shown(app, "/api/v1/incidents")
    assert [one["id"] for one in listed["items"]] == [incident]
    assert listed["items"][0]["state"] == "open"
    whole = await shown(app, f"/api/v1/incidents/{incident}")
    assert whole["alerts"][0]["labels"]["service"] == "pay"
    assert {one["target"]: one["told"] for one in whole["ledgers"]} == {"chat": "firing", "pager": "firing"}
    assert {(one["target"], one["standing"]) for one in whole["verdicts"]} == {
        ("chat", "told"),
        ("pager", "told"),
    }
    assert "rules.yaml" in whole["verdicts"][0]["rule"]
    assert whole["timeline"]


async def test_an_acknowledgement_is_shown_in_slack_and_in_pagerduty(app: Running) -> None:
    incident = await app.told()
    changed = await shown(app, f"/api/v1/incidents/{incident}/acknowledge", "POST", json={"by": "ann"})
    assert changed["state"] == "acknowledged"
    await app.until(lambda: app.pagerduty.incidents[0].status == "acknowledged")
    await app.until(lambda: "ann" in str(app.slack.messages("alerts")[0].blocks))


async def test_an_incident_closed_by_hand_is_resolved_at_pagerduty_and_slack_says_who(app: Running) -> None:
    incident = await app.told()
    changed = await shown(
        app, f"/api/v1/incidents/{incident}/close", "POST", json={"by": "ann", "note": "known"}
    )
    assert changed["state"] == "closed_by_hand"
    await app.until(lambda: app.pagerduty.incidents[0].status == "resolved")
    await app.until(lambda: "Closed by hand" in app.slack.messages("alerts")[0].text)
    again = await shown(app, f"/api/v1/incidents/{incident}/close", "POST", 409, json={"by": "bob"})
    assert "ann" in again["error"]


async def test_a_dead_letter_is_listed_and_tried_again(app: Running) -> None:
    app.pagerduty.faults.add(Fault(FaultKind.ERROR, method="trigger", error="invalid"))
    await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z"))
    await app.until(lambda: app.slack.messages("alerts") and app.slack.messages("alerts")[0].replies)
    # The fallback is told first, while plainer forms of the page are still tried.
    async with asyncio.timeout(PATIENCE):
        while not (letters := (await shown(app, "/api/v1/dead-letters"))["items"]):
            await asyncio.sleep(0.1)
    assert [(one["target"], one["dead_letter"], one["severity"]) for one in letters] == [
        ("pager", "invalid", "critical")
    ]
    assert "pay" in letters[0]["title"]
    assert letters[0]["failing_since"]
    assert letters[0]["asked_again_at"] is None
    assert (await shown(app, "/api/v1/dead-letters?destination=chat"))["items"] == []
    app.pagerduty.faults.clear()
    await shown(app, f"/api/v1/dead-letters/{letters[0]['incident']}/pager/retry", "POST")
    await app.until(lambda: app.pagerduty.incidents)
    await shown(app, f"/api/v1/dead-letters/{letters[0]['incident']}/pager/retry", "POST", 409)


async def test_the_dead_letters_of_a_destination_are_tried_again_together(app: Running) -> None:
    app.pagerduty.faults.add(Fault(FaultKind.STATUS, method="trigger", count=1, status=403))
    await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z"))
    await app.until(lambda: app.slack.messages("alerts") and app.slack.messages("alerts")[0].replies)
    (letter,) = (await shown(app, "/api/v1/dead-letters?destination=pager"))["items"]
    assert (letter["dead_letter"], bool(letter["asked_again_at"])) == ("proxy", True)
    retry = "/api/v1/dead-letters/retry"
    assert (await shown(app, retry, "POST", json={"destination": "chat"}))["letters"] == 0
    assert (await shown(app, retry, "POST", json={"destination": "pager"}))["letters"] == 1
    await app.until(lambda: app.pagerduty.incidents)
    assert (await shown(app, retry, "POST", json={}))["letters"] == 0
    await shown(app, retry, "POST", 400, json={"target": "pager"})


async def test_the_quarantine_lists_what_could_not_be_taken(app: Running) -> None:
    for _ in range(3):
        await app.client.post("/webhooks/alertmanager", json={"alerts": [{"labels": {"a": [5]}}]})
    listed = await shown(app, "/api/v1/quarantine")
    assert [(one["field"], one["times"]) for one in listed["items"]] == [("alerts[].labels.a", 3)]
    assert '"a":[5]' in listed["items"][0]["raw"].replace(" ", "")


async def test_verdicts_name_a_reason_for_what_is_not_told(app: Running) -> None:
    await app.webhook(alert("idle", starts="2026-11-23T10:00:00Z", severity="warning"))
    await app.until(lambda: app.slack.messages("alerts"))
    listed = (await shown(app, "/api/v1/verdicts?standing=suppressed"))["items"]
    assert [(one["target"], one["reason"]) for one in listed] == [("pager", "page_when")]


async def test_alerts_are_listed_and_shown(app: Running) -> None:
    await app.told()
    listed = (await shown(app, "/api/v1/alerts"))["items"]
    assert [one["name"] for one in listed] == ["Down"]
    assert (await shown(app, f"/api/v1/alerts/{listed[0]['id']}"))["firing"] is True


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        pytest.param("/api/v1/incidents/nope", 404, "incident", id="an incident that is not there"),
        pytest.param("/api/v1/alerts/nope", 404, "alert", id="an alert that is not there"),
        pytest.param("/api/v1/incidents?state=strange", 400, "state", id="an unknown state"),
        pytest.param("/api/v1/incidents?limit=many", 400, "limit", id="a limit that is no number"),
        pytest.param("/api/v1/alerts?cursor=-1", 400, "cursor", id="a negative cursor"),
        pytest.param("/api/v1/nothing", 404, "", id="a path that is not there"),
    ],
)
async def test_a_wrong_question_is_a_clear_answer(app: Running, path: str, status: int, field: str) -> None:
    answer = await shown(app, path, status=status)
    assert answer["field"] == field
    assert answer["error"]


async def test_actions_without_a_name_are_refused(app: Running) -> None:
    incident = await app.told()
    for sent in (b"", b"{}", b"[]", b'{"by": ""}', b'{"by": "a", "x": 1}', b"nonsense"):
        json = {"content-type": "application/json"}
        answer = await app.ask(
            f"/api/v1/incidents/{incident}/acknowledge", "POST", content=sent, headers=json
        )
        assert answer.status_code == (409 if sent == b"{}" else 400), sent


async def test_a_page_holds_no_more_than_asked_and_nothing_is_left_out_between_two(app: Running) -> None:
    await app.webhook(*[alert(f"s{number}", starts="2026-11-23T10:00:00Z") for number in range(7)])
    seen: list[str] = []
    cursor: str | None = "0"
    while cursor is not None:
        page = await shown(app, f"/api/v1/alerts?limit=2&cursor={cursor}")
        assert len(page["items"]) <= 2
        seen += [one["id"] for one in page["items"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == 7


# What keeps an incident from people


async def test_an_incident_in_the_list_says_where_it_is_and_what_people_know_of_it(app: Running) -> None:
    await app.told()
    (listed,) = (await shown(app, "/api/v1/incidents"))["items"]
    assert (listed["standing"], listed["reason"], listed["standing_until"]) == ("told", "delivered", None)
    assert listed["where"] == "pay"


async def test_an_incident_that_a_silence_covers_says_so_and_until_when(app: Running) -> None:
    asked = {"matchers": ['service="pay"'], "by": "ann", "duration": "1h", "confirm": True}
    silence = await shown(app, "/api/v1/silences", "POST", json=asked)
    await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z"))
    (listed,) = (await shown(app, "/api/v1/incidents"))["items"]
    assert (listed["standing"], listed["reason"]) == ("suppressed", "silenced")
    assert listed["standing_until"] == silence["ends_at"]


async def test_a_silence_over_some_of_an_incident_does_not_make_it_look_silenced(app: Running) -> None:
    asked = {"matchers": ['zone="a"'], "by": "ann", "duration": "1h", "confirm": True}
    await shown(app, "/api/v1/silences", "POST", json=asked)
    both = [alert("pay", starts="2026-11-23T10:00:00Z", zone=zone) for zone in "ab"]
    await app.webhook(*both)
    await app.until(lambda: app.slack.messages("alerts"))
    (listed,) = (await shown(app, "/api/v1/incidents"))["items"]
    assert listed["reason"] != "silenced"


async def test_a_list_may_be_bounded_by_severity(app: Running) -> None:
    await app.webhook(
        alert("pay", starts="2026-11-23T10:00:00Z"),
        alert("idle", starts="2026-11-23T10:00:00Z", severity="warning", name="Slow"),
    )

    async def severities(path: str) -> list[str]:
        return sorted(one["severity"] for one in (await shown(app, path))["items"])

    assert await severities("/api/v1/incidents?severity=error") == ["critical"]
    assert await severities("/api/v1/incidents?severity=warning") == ["critical", "warning"]
    await shown(app, "/api/v1/incidents?severity=urgent", status=400)

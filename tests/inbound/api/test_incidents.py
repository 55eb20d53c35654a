"""What people and scripts ask of a running gateway."""

from __future__ import annotations

import pytest

from tests.support.processes import alert
from tests.support.running_gateway import Running


async def test_an_incident_is_listed_and_shown_whole(app: Running) -> None:
    incident = await app.told()
    listed = await app.shown("/api/v1/incidents")
    assert [one["id"] for one in listed["items"]] == [incident]
    assert listed["items"][0]["state"] == "open"
    whole = await app.shown(f"/api/v1/incidents/{incident}")
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
    changed = await app.shown(f"/api/v1/incidents/{incident}/acknowledge", "POST", json={"by": "ann"})
    assert changed["state"] == "acknowledged"
    await app.until(lambda: app.pagerduty.incidents[0].status == "acknowledged")
    await app.until(lambda: "ann" in str(app.slack.messages("alerts")[0].blocks))


async def test_an_incident_closed_by_hand_is_resolved_at_pagerduty_and_slack_says_who(app: Running) -> None:
    incident = await app.told()
    changed = await app.shown(
        f"/api/v1/incidents/{incident}/close", "POST", json={"by": "ann", "note": "known"}
    )
    assert changed["state"] == "closed_by_hand"
    await app.until(lambda: app.pagerduty.incidents[0].status == "resolved")
    await app.until(lambda: "Closed by hand" in app.slack.messages("alerts")[0].text)
    again = await app.shown(f"/api/v1/incidents/{incident}/close", "POST", 409, json={"by": "bob"})
    assert "ann" in again["error"]


async def test_verdicts_name_a_reason_for_what_is_not_told(app: Running) -> None:
    await app.webhook(alert("idle", starts="2026-11-23T10:00:00Z", severity="warning"))
    await app.until(lambda: app.slack.messages("alerts"))
    listed = (await app.shown("/api/v1/verdicts?standing=suppressed"))["items"]
    assert [(one["target"], one["reason"]) for one in listed] == [("pager", "page_when")]


async def test_alerts_are_listed_and_shown(app: Running) -> None:
    await app.told()
    listed = (await app.shown("/api/v1/alerts"))["items"]
    assert [one["name"] for one in listed] == ["Down"]
    assert (await app.shown(f"/api/v1/alerts/{listed[0]['id']}"))["firing"] is True


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
    answer = await app.shown(path, status=status)
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
        page = await app.shown(f"/api/v1/alerts?limit=2&cursor={cursor}")
        assert len(page["items"]) <= 2
        seen += [one["id"] for one in page["items"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == 7


# What keeps an incident from people


async def test_an_incident_in_the_list_says_where_it_is_and_what_people_know_of_it(app: Running) -> None:
    await app.told()
    (listed,) = (await app.shown("/api/v1/incidents"))["items"]
    assert (listed["standing"], listed["reason"], listed["standing_until"]) == ("told", "delivered", None)
    assert listed["where"] == "pay"


async def test_an_incident_that_a_silence_covers_says_so_and_until_when(app: Running) -> None:
    asked = {"matchers": ['service="pay"'], "by": "ann", "duration": "1h", "confirm": True}
    silence = await app.shown("/api/v1/silences", "POST", json=asked)
    await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z"))
    (listed,) = (await app.shown("/api/v1/incidents"))["items"]
    assert (listed["standing"], listed["reason"]) == ("suppressed", "silenced")
    assert listed["standing_until"] == silence["ends_at"]


async def test_a_silence_over_some_of_an_incident_does_not_make_it_look_silenced(app: Running) -> None:
    asked = {"matchers": ['zone="a"'], "by": "ann", "duration": "1h", "confirm": True}
    await app.shown("/api/v1/silences", "POST", json=asked)
    both = [alert("pay", starts="2026-11-23T10:00:00Z", zone=zone) for zone in "ab"]
    await app.webhook(*both)
    await app.until(lambda: app.slack.messages("alerts"))
    (listed,) = (await app.shown("/api/v1/incidents"))["items"]
    assert listed["reason"] != "silenced"


async def test_a_list_may_be_bounded_by_severity(app: Running) -> None:
    await app.webhook(
        alert("pay", starts="2026-11-23T10:00:00Z"),
        alert("idle", starts="2026-11-23T10:00:00Z", severity="warning", name="Slow"),
    )

    async def severities(path: str) -> list[str]:
        return sorted(one["severity"] for one in (await app.shown(path))["items"])

    assert await severities("/api/v1/incidents?severity=error") == ["critical"]
    assert await severities("/api/v1/incidents?severity=warning") == ["critical", "warning"]
    await app.shown("/api/v1/incidents?severity=urgent", status=400)

"""Each thing that quiets an alert at its source is put on the alert's timeline, once."""

from __future__ import annotations

from pathlib import Path

from gateway.model.fingerprint import fingerprint
from tests.support.processes import alert, body
from tests.support.running_gateway import RULES, Running, Starter

EU = "sources:\n  - {name: eu, match: ['service=\"pay\"'], token: {env: HOOK_EU}, repeat_interval: 30m}\n"


async def sent(app: Running, token: str, service: str) -> tuple[int, int]:
    """The answer's status, and how many alerts went to quarantine."""
    answer = await app.client.post(
        "/webhooks/alertmanager",
        json=body(alert(service, starts="2026-11-23T10:00:00Z")),
        headers={"authorization": f"Bearer {token}"},
    )
    return answer.status_code, answer.json().get("quarantined", 0)


async def started(starter: Starter, rules: str, **more: str) -> Running:
    Path(starter.folder / "rules.yaml").write_text(rules, "utf-8")
    starter.more = more
    return await starter.start()


def event(**data: object) -> dict[str, object]:
    return {"@timestamp": "2026-11-23T10:05:01Z", "instance": "am-0", "data": data}


async def posted(app: Running, *events: dict[str, object]) -> int:
    headers = {"authorization": "Bearer token-of-eu"}
    return (
        await app.client.post("/webhooks/alertmanager/events", json=list(events), headers=headers)
    ).status_code


async def test_an_end_that_a_mute_swallowed_comes_by_the_event_recorder_with_what_muted_it(
    starter: Starter,
) -> None:
    app = await started(starter, RULES + EU, HOOK_EU="token-of-eu")
    assert await sent(app, "token-of-eu", "pay") == (200, 0)
    await app.until(lambda: app.pagerduty.incidents)
    labels = {
        "labels": [{"key": name, "value": value} for name, value in alert("pay", starts="")["labels"].items()]
    }  # type: ignore[attr-defined]
    silenced = event(
        silenceMutedAlert={"silence": {"id": "5f2c", "createdBy": "ann"}, "mutedAlert": {"labels": labels}}
    )
    assert await posted(app, silenced, silenced) == 200
    assert await posted(app, silenced) == 200
    details = {
        "labels": labels,
        "startsAt": "2026-11-23T10:00:00Z",
        "endsAt": "2026-11-23T10:05:00Z",
        "resolved": True,
    }
    ended = event(
        alertResolved={"alert": {"hash": "1", "details": details}, "groupInfo": {"receiverName": "gateway"}}
    )
    assert await posted(app, ended, ended) == 200
    await app.until(lambda: app.pagerduty.incidents[0].status == "resolved")
    incident = app.pagerduty.incidents[0].dedup_key.partition(".")[0]
    whole = (await app.ask(f"/api/v1/incidents/{incident}")).json()
    notes = [one["detail"]["by"] for one in whole["timeline"] if one["what"] == "quieted_at_source"]
    assert notes == ["silence 5f2c by ann"]
    assert [one["end_inferred"] for one in whole["alerts"]] == [False]


async def test_an_event_is_of_the_copy_whose_labels_a_relay_has_changed(starter: Starter) -> None:
    app = await started(starter, RULES + EU, HOOK_EU="token-of-eu")
    at_source = {str(name): str(value) for name, value in alert("pay", starts="")["labels"].items()}  # type: ignore[attr-defined]
    number = int(fingerprint(at_source), 16)
    relayed = alert("pay", starts="2026-11-23T10:00:00Z", relay="a")
    webhook = body({**relayed, "fingerprint": f"{number:016x}"})
    headers = {"authorization": "Bearer token-of-eu"}
    taken = await app.client.post("/webhooks/alertmanager", json=webhook, headers=headers)
    assert taken.json()["quarantined"] == 0
    await app.until(lambda: app.pagerduty.incidents)
    snapshot = {"labels": at_source, "fingerprint": str(number)}
    muted = event(silenceMutedAlert={"silence": {"id": "5f2c"}, "mutedAlert": snapshot})
    times = {"startsAt": "2026-11-23T10:00:00Z", "endsAt": "2026-11-23T10:05:00Z", "resolved": True}
    ended = event(alertResolved={"alert": {"details": {**snapshot, **times}}, "groupInfo": {}})
    assert await posted(app, muted, muted) == 200
    assert await posted(app, ended, ended) == 200
    await app.until(lambda: app.pagerduty.incidents[0].status == "resolved")
    incident = app.pagerduty.incidents[0].dedup_key.partition(".")[0]
    whole = (await app.ask(f"/api/v1/incidents/{incident}")).json()
    notes = [line["detail"]["by"] for line in whole["timeline"] if line["what"] == "quieted_at_source"]
    assert notes == ["silence 5f2c"]
    assert [known["end_inferred"] for known in whole["alerts"]] == [False]


async def test_what_mutes_an_alert_that_nobody_knows_is_no_news(starter: Starter) -> None:
    app = await started(starter, RULES + EU, HOOK_EU="token-of-eu")
    labels = {"alertname": "Other", "service": "pay"}
    assert (
        await posted(
            app, event(silenceMutedAlert={"silence": {"id": "5f2c"}, "mutedAlert": {"labels": labels}})
        )
        == 200
    )
    assert (await app.ask("/api/v1/alerts")).json()["items"] == []

"""What went to quarantine is read once more, by the rules as they are now."""

from __future__ import annotations

import json
from pathlib import Path

from gateway.actions.quarantine import Replayer
from gateway.decisions.accounting.invariants import imbalances
from gateway.decisions.intake.correlate import Correlator
from gateway.decisions.intake.normalise import Normaliser
from gateway.intake.group_commit import GroupCommit
from gateway.model.durations import DAY
from gateway.model.quarantined import Quarantined
from gateway.model.rules.rulebook import LabelRules
from gateway.state.shards import Shards
from gateway.storage.memory import MemoryStore
from tests.support.build import START, rulebook
from tests.support.processes import alert
from tests.support.running_gateway import RULES, Running, Starter

OUTSIDE = "sources:\n  - {name: eu, match: ['cluster=\"eu\"'], repeat_interval: 30m}\n"


async def quarantined(app: Running, *alerts: dict[str, object]) -> str:
    assert (await app.webhook(*alerts)).json()["quarantined"] == len(alerts)
    entry: str = (await app.ask("/api/v1/quarantine")).json()["items"][0]["id"]
    return entry


async def test_what_is_still_not_understood_stays_in_quarantine_with_the_reason(app: Running) -> None:
    entry = await quarantined(app, {"status": "firing", "labels": {"alertname": [5]}})
    answer = await app.ask(f"/api/v1/quarantine/{entry}/replay", "POST")
    assert answer.status_code == 409
    assert "labels" in answer.json()["error"]
    assert len((await app.ask("/api/v1/quarantine")).json()["items"]) == 1
    assert (await app.ask("/api/v1/quarantine/none/replay", "POST")).status_code == 404


async def test_what_the_rules_let_in_by_now_is_taken_out_of_quarantine_and_told(starter: Starter) -> None:
    (starter.folder / "rules.yaml").write_text(OUTSIDE + RULES, "utf-8")
    app = await starter.start()
    entry = await quarantined(app, alert("pay", starts="2026-11-23T10:00:00Z"))
    (starter.folder / "rules.yaml").write_text(RULES, "utf-8")
    assert await app.gateway.reloader.reload()
    assert (await app.ask(f"/api/v1/quarantine/{entry}/replay", "POST")).json() == {"taken": 1, "too_old": 0}
    await app.until(lambda: app.pagerduty.incidents)
    assert (await app.ask("/api/v1/quarantine")).json()["items"] == []
    assert not any(imbalances(await app.gateway.shards.counters()).values())


async def test_what_fired_days_ago_pages_nobody_and_an_end_is_taken_however_late() -> None:
    at = 0
    store = MemoryStore(lambda: START + at)
    shards, intake = (
        Shards([store]),
        GroupCommit(store, Correlator(rulebook()), woken=lambda: None, taken=lambda *_: None),
    )
    normalisers = {"default": Normaliser(LabelRules())}
    replayer = Replayer(shards, intake, lambda: (normalisers, "default"), lambda *_: None)
    raw = [
        json.dumps(alert("pay", starts="2026-11-23T10:00:00Z", ends=ends)).encode()
        for ends in ("", "2026-11-23T11:00:00Z")
    ]
    await intake.accept(
        [], [Quarantined("gone", f"alerts[{number}]", "outside", one) for number, one in enumerate(raw)]
    )
    at = 3 * DAY
    found = [await replayer.replay(kept.id) for kept, _, _ in await shards.quarantine(10)]
    assert sorted((one.taken, one.too_old) for one in found if one is not None) == [(0, 1), (1, 0)]
    assert not any(imbalances(store.counted).values())
    assert store.counted["quarantine_entries"] == 0


EU = "sources:\n  - {name: eu, match: ['service=\"pay\"'], token: {env: HOOK_EU}, repeat_interval: 30m}\n"


async def started(starter: Starter, rules: str, **more: str) -> Running:
    Path(starter.folder / "rules.yaml").write_text(rules, "utf-8")
    starter.more = more
    return await starter.start()


async def given(app: Running, rules: str) -> None:
    Path(app.folder / "rules.yaml").write_text(rules, "utf-8")
    assert await app.gateway.reloader.reload()


def event(**data: object) -> dict[str, object]:
    return {"@timestamp": "2026-11-23T10:05:01Z", "instance": "am-0", "data": data}


async def posted(app: Running, *events: dict[str, object]) -> int:
    headers = {"authorization": "Bearer token-of-eu"}
    return (
        await app.client.post("/webhooks/alertmanager/events", json=list(events), headers=headers)
    ).status_code


async def test_an_event_in_quarantine_is_read_once_more_as_an_event(starter: Starter) -> None:
    app = await started(starter, RULES + EU, HOOK_EU="token-of-eu")
    details = {
        "labels": {"alertname": "Down", "service": "cart"},
        "endsAt": "2026-11-23T10:05:00Z",
        "resolved": True,
    }
    assert await posted(app, event(alertResolved={"alert": {"details": details}})) == 200
    (entry,) = (await app.ask("/api/v1/quarantine")).json()["items"]
    assert entry["field"] == "events[].labels"
    await given(app, RULES + EU.replace("pay", "cart"))
    answer = await app.ask(f"/api/v1/quarantine/{entry['id']}/replay", "POST")
    assert answer.json() == {"taken": 1, "too_old": 0}
    metrics = (await app.ask("/metrics")).text
    assert 'gateway_observations_total{outcome="ignored",reason="orphan_resolve"} 1.0' in metrics

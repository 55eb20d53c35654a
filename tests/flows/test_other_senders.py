"""What senders besides Alertmanager say reaches the people on call: bodies as Grafana, vmalert, Mimir, Cortex and
Thanos send them, made up for these tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.running_gateway import Running

STARTS, ENDS = "2026-11-23T10:00:00Z", "2026-11-23T10:20:00Z"
NEVER = "0001-01-01T00:00:00Z"


def grafana(alertname: str = "Queue too long", ended: str = "", **more: Any) -> dict[str, Any]:
    """A body of Grafana's webhook; `ended` is the reason of an end."""
    alert = {
        "status": "resolved" if ended else "firing",
        "labels": {
            "alertname": alertname,
            "grafana_folder": "Shop",
            "severity": "critical",
            "queue": "orders",
        },
        "annotations": {"grafana_state_reason": ended} if ended else {},
        "startsAt": STARTS,
        "endsAt": ENDS if ended else NEVER,
        "generatorURL": "https://grafana.shop.example/alerting/grafana/q1/view?orgId=1",
        "fingerprint": "a1b2c3d4e5f60718",
        "silenceURL": "https://grafana.shop.example/alerting/silence/new?alertmanager=grafana",
        "dashboardURL": "https://grafana.shop.example/d/q7",
        "panelURL": "https://grafana.shop.example/d/q7?viewPanel=3",
        "imageURL": "https://images.shop.example/q7.png",
        "values": None if ended else {"B": 1841.5, "C": 1},
        "valueString": "" if ended else "[ var='B' labels={queue=orders} value=1841.5 ]",
        "orgId": 1,
    }
    labels = alert["labels"]
    assert isinstance(labels, dict)
    labels |= more
    return {
        "receiver": "gateway",
        "status": alert["status"],
        "orgId": 1,
        "alerts": [alert],
        "groupLabels": {"alertname": alertname},
        "commonLabels": labels,
        "commonAnnotations": {},
        "externalURL": "https://grafana.shop.example/",
        "version": "1",
        "groupKey": '{}:{alertname="Queue too long"}',
        "truncatedAlerts": 0,
        "title": "[FIRING:1] Queue too long",
        "state": "alerting",
        "message": "**Firing**",
    }


def cloud(generator: str, **labels: str) -> dict[str, Any]:
    """A body as the Alertmanager inside Mimir, Cortex or beside Thanos and vmalert sends it."""
    alert = {
        "status": "firing",
        "labels": {"alertname": "TooManyErrors", "severity": "critical", "service": "cart", **labels},
        "annotations": {
            "summary": "cart answers with errors",
            "runbook_url": "https://wiki.shop.example/cart",
        },
        "startsAt": "2026-11-23T10:00:00.123456789Z",
        "endsAt": NEVER,
        "generatorURL": generator,
        "fingerprint": "",
    }
    return {
        "receiver": "gateway",
        "status": "firing",
        "alerts": [alert],
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "https://mimir.shop.example/alertmanager",
        "version": "4",
        "groupKey": "{}:{}",
        "truncatedAlerts": 0,
    }


async def send(app: Running, body: dict[str, Any]) -> None:
    answer = await app.ask("/webhooks/alertmanager", "POST", json=body)
    assert (answer.status_code, answer.json()["quarantined"]) == (200, 0)


def shown(app: Running) -> str:
    """Everything that readers of the channel see, with the addresses behind buttons and links."""
    messages = app.slack.messages("alerts")
    return " ".join(message.text + "".join(_texts(message.blocks)) for message in messages)


def _texts(part: object) -> Iterator[str]:
    match part:
        case dict():
            yield from (text for name in ("text", "url") if isinstance(text := part.get(name), str))
            yield from (text for inner in part.values() for text in _texts(inner))
        case list() | tuple():
            yield from (text for inner in part for text in _texts(inner))


async def test_grafanas_links_and_values_reach_the_reader(app: Running) -> None:
    await send(app, grafana())
    await app.until(lambda: "B=1841.5, C=1" in shown(app))
    for address in (
        "/d/q7",
        "/d/q7?viewPanel=3",
        "/alerting/silence/new",
        "q7.png",
        "/alerting/grafana/q1/view",
    ):
        assert address in shown(app)
    await app.until(lambda: app.pagerduty.incidents)
    assert "1841.5" in str(app.pagerduty.incidents[-1])


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("Paused", "its rule was paused"),
        ("RuleDeleted", "its rule was deleted"),
        ("MissingSeries", "its series is gone"),
    ],
)
async def test_an_end_that_is_no_recovery_ends_the_page_and_reads_otherwise(
    app: Running, reason: str, words: str
) -> None:
    await send(app, grafana())
    await app.until(lambda: app.pagerduty.incidents)
    await send(app, grafana(ended=reason))
    await app.until(lambda: app.pagerduty.incidents[-1].status == "resolved")
    await app.until(lambda: f"Ended: {words}" in shown(app))
    assert "Resolved" not in shown(app)
    assert "it took" not in shown(app), "how long a repair took is said of repairs"
    (alert,) = (await app.ask("/api/v1/alerts?firing=all")).json()["items"]
    assert (alert["end_reason"], alert["firing"]) == (reason, False)


async def test_a_rule_that_goes_on_after_its_pause_recovers_like_any_other(app: Running) -> None:
    await send(app, grafana())
    await app.until(lambda: app.pagerduty.incidents)
    await send(app, grafana(ended="Updated"))
    await app.until(lambda: app.pagerduty.incidents[-1].status == "resolved")
    again = grafana()
    again["alerts"][0]["startsAt"] = "2026-11-23T10:30:00Z"
    await send(app, again)
    await app.until(lambda: len(app.pagerduty.incidents) == 2)
    over = grafana(ended="x")
    over["alerts"][0] |= {
        "annotations": {},
        "startsAt": "2026-11-23T10:30:00Z",
        "endsAt": "2026-11-23T10:40:00Z",
    }
    await send(app, over)
    await app.until(lambda: "Resolved" in shown(app))


@pytest.mark.parametrize("name", ["DatasourceNoData", "DatasourceError"])
async def test_an_alert_about_missing_data_is_named_by_its_rule(app: Running, name: str) -> None:
    await send(app, grafana(name, rulename="Queue too long", datasource_uid="P1", ref_id="A"))
    await app.until(lambda: f"Queue too long ({name})" in shown(app))


@pytest.mark.parametrize(
    ("generator", "labels", "linked"),
    [
        pytest.param(
            "http://vmalert.shop.example:8880/vmalert/alert?group_id=7&alert_id=9",
            {"alertgroup": "cart"},
            "vmalert/alert?group_id=7",
            id="vmalert",
        ),
        pytest.param(
            "https://mimir.shop.example/graph?g0.expr=up", {"tenant": "shop"}, "g0.expr=up", id="Mimir"
        ),
        pytest.param(
            "/graph?g0.expr=up", {"tenant": "shop"}, "", id="Mimir's and Loki's ruler without an address"
        ),
        pytest.param(
            "http://cortex.shop.example/prometheus/graph?g0.expr=up", {}, "prometheus/graph", id="Cortex"
        ),
        pytest.param(
            "http://thanos.shop.example/graph?g0.expr=up", {"ruler_replica": "r-0"}, "thanos", id="Thanos"
        ),
    ],
)
async def test_rulers_besides_prometheus_are_told_with_their_links(
    app: Running, generator: str, labels: dict[str, str], linked: str
) -> None:
    await send(app, cloud(generator, **labels))
    await app.until(lambda: "cart answers with errors" in shown(app))
    assert linked in shown(app)
    assert "https://wiki.shop.example/cart" in shown(app)
    assert "/graph" not in shown(app) or linked, "an address without a host leads nowhere"


async def test_vmalert_that_starts_again_tells_nobody_twice_and_ends_once(app: Running) -> None:
    for starts in ("2026-11-23T10:00:00Z", "2026-11-23T10:25:00Z", "2026-11-23T09:50:00Z"):
        body = cloud(
            "http://vmalert.shop.example:8880/vmalert/alert?group_id=7&alert_id=9", alertgroup="cart"
        )
        body["alerts"][0]["startsAt"] = starts
        await send(app, body)
        await app.until(lambda: app.pagerduty.incidents)
    body["alerts"][0] |= {"status": "resolved", "endsAt": "2026-11-23T10:40:00Z"}
    await send(app, body)
    await app.until(lambda: app.pagerduty.incidents[-1].status == "resolved")
    assert (len(app.pagerduty.incidents), len(app.slack.messages("alerts"))) == (1, 1)

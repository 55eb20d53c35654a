"""What a known source lost by a webhook is logged with who sent it, and noted; what comes again is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.inbound.webhooks.body import Caps
from tests.support.webhook_endpoint import GOOD, Noted, Taker, door, post

OVER = {"alertname": "A", "severity": "error", **{f"l{number}": "x" for number in range(300)}}


async def noted(body: object, caps: Caps | None = None, **headers: str) -> list[Noted]:
    taker = Taker()
    await post(door(taker, caps=caps), body, headers=headers)
    return taker.turned_away


@pytest.mark.parametrize(
    ("body", "reason", "severity"),
    [
        pytest.param({"text": "hello"}, "not_a_webhook", "critical", id="a body of another kind"),
        pytest.param(b"x" * 2_000, "too_large", "critical", id="a body over the cap"),
        pytest.param(
            {"alerts": [{**GOOD, "labels": {}}]}, "malformed", "critical", id="an alert that says nothing"
        ),
        pytest.param(
            {"alerts": [{"status": "?", "labels": {"alertname": "A", "severity": "info"}}]},
            "malformed",
            "info",
            id="an alert that says how bad it is",
        ),
        pytest.param(
            {"alerts": [{"status": "?", "labels": {"alertname": "A"}}]},
            "malformed",
            "warning",
            id="by its default",
        ),
        pytest.param(
            {"alerts": [{"labels": OVER}]}, "over_caps", "error", id="an alert with too many labels"
        ),
    ],
)
async def test_what_will_not_come_again_is_noted_with_how_bad_it_may_be(
    body: object, reason: str, severity: str
) -> None:
    size = len(body) if isinstance(body, bytes) else len(json.dumps(body))
    (found,) = await noted(
        body, Caps(body=1_000 if size == 2_000 else 100_000), **{"user-agent": "vmalert/1"}
    )
    assert (found.source, found.reason, found.severity.word, found.times) == ("default", reason, severity, 1)
    assert found.sender.user_agent == "vmalert/1"
    assert found.error


async def test_a_compressed_body_is_noted() -> None:
    (found,) = await noted(b"x", **{"content-encoding": "gzip"})
    assert (found.source, found.reason) == ("default", "encoding")


async def test_bad_alerts_of_one_webhook_are_noted_together_with_their_worst() -> None:
    info = {"status": "?", "labels": {"alertname": "A", "severity": "info"}}
    error = {"status": "?", "labels": {"alertname": "B", "severity": "error"}}
    first, second = await noted({"alerts": [info, error, GOOD, {"labels": OVER}]})
    assert (first.reason, first.times, first.severity.word) == ("malformed", 2, "error")
    assert (second.reason, second.times) == ("over_caps", 1)


async def test_what_the_sender_sends_again_is_not_lost() -> None:
    taker = Taker(refuses="the store is full")
    for body in ({"alerts": [{"labels": {}}]}, {"text": "hello"}):
        assert (await post(door(taker), body)).status_code == 503
    assert taker.turned_away == []


async def test_a_webhook_that_is_taken_whole_is_not_noted() -> None:
    assert await noted({"alerts": [GOOD]}) == []


async def lines_of(body: object) -> list[Any]:
    with capture_logs() as lines:
        await post(door(Taker()), body, headers={"user-agent": "Alertmanager/0.28.1"})
    return list(lines)


@pytest.mark.parametrize(
    ("body", "event", "level"),
    [
        pytest.param({"alerts": [GOOD]}, "webhook_received", "info", id="all is taken"),
        pytest.param(
            {"alerts": [{"labels": {}}]}, "webhook_received", "warning", id="an alert is in quarantine"
        ),
        pytest.param(
            {"alerts": [GOOD], "truncatedAlerts": 37}, "webhook_received", "warning", id="alerts are left out"
        ),
        pytest.param({"text": "hello"}, "webhook_refused", "warning", id="it is no webhook"),
    ],
)
async def test_a_line_warns_of_what_reaches_nobody_and_says_who_sent_it(
    body: dict[str, object], event: str, level: str
) -> None:
    (line,) = await lines_of(body)
    assert (line["event"], line["log_level"], line["source"]) == (event, level, "default")
    if level == "warning":
        assert (line["address"], line["user_agent"]) == ("127.0.0.1", "Alertmanager/0.28.1")


async def test_a_line_says_what_was_decided_of_the_alerts_and_why_some_reach_nobody() -> None:
    (line,) = await lines_of({"alerts": [GOOD, {"labels": {}}, {"labels": OVER}], "truncatedAlerts": 2})
    assert line["verdicts"] == {"opened": {"first_firing": 1}, "quarantined": {"malformed": 2}}
    assert line["turned_away"] == {"malformed": 1, "over_caps": 1, "truncated": 2}


async def test_the_answer_says_what_was_left_out_and_how_to_get_it() -> None:
    answer = (await post(door(Taker()), {"alerts": [GOOD], "truncatedAlerts": 37})).json()
    assert (answer["alerts"], answer["left_out"]) == (1, 37)
    assert "max_alerts: 0" in answer["remedy"]

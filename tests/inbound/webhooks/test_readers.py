"""A body is read as Alertmanager writes it, else as far as it can be, and what is no webhook is kept for people."""

from __future__ import annotations

import json

from gateway.decisions.intake.normalise import Normaliser
from gateway.inbound.webhooks.readers import OFF_LOOP_BYTES, readers
from gateway.inbound.webhooks.responses import WebhookResponse
from gateway.intake.parse_webhook import Parsed
from gateway.intake.repeats import Repeats
from gateway.model.path import Step
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.rulebook import LabelRules
from gateway.model.rules.source import Source
from gateway.model.turned_away import EVENTS_PATH, WEBHOOK_PATH

NOW = 1_800_000_000_000
DOWN = {"status": "firing", "labels": {"alertname": "Down"}, "startsAt": "2027-01-15T08:00:00Z"}
ODD = {"status": "firing", "labels": {"alertname": [5]}, "startsAt": "2027-01-15T08:00:00Z"}


async def read(body: bytes, path: str = WEBHOOK_PATH) -> tuple[Parsed, WebhookResponse | None, list[Step]]:
    steps: list[Step] = []
    normaliser = Normaliser(LabelRules(), Source("eu", BUILT_IN))
    return *await readers(Repeats())[path].read(body, normaliser, lambda: NOW, "trace", steps.append), steps


async def test_each_step_of_reading_is_timed() -> None:
    parsed, refusal, steps = await read(json.dumps({"alerts": [DOWN]}).encode())
    assert (len(parsed.seen), refusal, steps) == (1, None, [Step.RECEIVE, Step.NORMALISE])


async def test_what_is_otherwise_than_alertmanager_writes_it_spoils_nothing_beside_it() -> None:
    for fill in ("", "x" * OFF_LOOP_BYTES):
        parsed, refusal, _ = await read(json.dumps({"alerts": [DOWN, ODD], "more": fill}).encode())
        assert (len(parsed.seen), len(parsed.quarantined), refusal) == (1, 1, None)


async def test_what_is_no_webhook_at_all_is_refused_and_kept_whole() -> None:
    for path in (WEBHOOK_PATH, EVENTS_PATH):
        parsed, refusal, _ = await read(b'"hello"', path)
        (kept,) = parsed.quarantined
        assert (kept.raw, kept.whole, kept.event) == (b'"hello"', True, path == EVENTS_PATH)
        assert refusal is not None
        assert (refusal.status, refusal.reason) == (400, "not_a_webhook")

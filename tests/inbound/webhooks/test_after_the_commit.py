"""Nothing after the commit turns the answer into an error: what is safe in the store is answered 200, whatever
fails of what is told about it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
import pytest
import structlog

from gateway.decisions.intake.correlate import Correlator
from gateway.decisions.intake.normalise import Normaliser
from gateway.inbound.asgi import AsgiApp
from gateway.inbound.auth import Senders, Tokens
from gateway.inbound.webhooks.alertmanager import AlertmanagerWebhook
from gateway.inbound.webhooks.body import Caps
from gateway.inbound.webhooks.source_auth import SourceAuth
from gateway.intake.group_commit import GroupCommit
from gateway.model.changes import Table
from gateway.model.rules.rulebook import LabelRules
from gateway.storage.memory import MemoryStore
from gateway.telemetry.metrics import Metrics
from tests.support.build import START, rulebook, seen
from tests.support.webhook_endpoint import GOOD, NOW, Taker

TRUNCATED = {"alerts": [GOOD], "version": "4", "truncatedAlerts": 3}
HALF_BROKEN = {"alerts": [GOOD, {"labels": "none"}], "version": "4"}


def fail(*told: object, **more: object) -> None:
    raise RuntimeError("what listens is broken")


class BrokenMetrics(Metrics):
    def webhook(self, status: int, reason: str, alerts: int, truncated: int, seconds: float) -> None:
        fail()


async def answer_of(
    body: object, taker: Taker, counter: Metrics, note: Callable[..., None]
) -> httpx.Response:
    auth = SourceAuth(
        Senders({"default": Tokens([])}, everybody="default"), {"default": Normaliser(LabelRules())}
    )
    webhook = AlertmanagerWebhook(taker.take, auth, Caps(), counter, note, lambda: NOW)
    transport = httpx.ASGITransport(
        AsgiApp(webhook, [], webhook.wrong_place, lambda *_: None), raise_app_exceptions=False
    )
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        return await client.post("/webhooks/alertmanager", json=body)


@pytest.mark.parametrize("body", [{"alerts": [GOOD], "version": "4"}, TRUNCATED, HALF_BROKEN])
async def test_a_metric_of_webhooks_that_fails_changes_no_answer(body: object) -> None:
    taker = Taker()
    answer = await answer_of(body, taker, BrokenMetrics(), taker.note)
    assert (answer.status_code, len(taker.seen)) == (200, 1)


@pytest.mark.parametrize("body", [TRUNCATED, HALF_BROKEN])
async def test_a_note_of_what_was_turned_away_that_fails_changes_no_answer(body: object) -> None:
    taker = Taker()
    answer = await answer_of(body, taker, Metrics(), fail)
    assert (answer.status_code, len(taker.seen)) == (200, 1)


async def test_a_log_that_fails_changes_no_answer() -> None:
    taker, before = Taker(), structlog.get_config()
    structlog.configure(processors=[fail])
    try:
        answer = await answer_of({"alerts": [GOOD], "version": "4"}, taker, Metrics(), taker.note)
    finally:
        structlog.configure(**before)
    assert (answer.status_code, len(taker.seen)) == (200, 1)


async def test_a_store_that_is_away_is_503_even_if_nobody_can_be_told() -> None:
    taker = Taker(refuses="the store is away")
    answer = await answer_of({"alerts": [GOOD], "version": "4"}, taker, BrokenMetrics(), fail)
    assert answer.status_code == 503


@pytest.mark.parametrize("broken", ["woken", "taken", "count"])
async def test_whatever_hears_of_a_commit_and_fails_refuses_no_webhook(broken: str) -> None:
    """And it is said once for each time, in the log of the loop."""
    heard: list[str] = []
    said: list[str] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: said.append(str(context["exception"]))
    )
    listeners: dict[str, Callable[..., None]] = {
        name: lambda *told, name=name: heard.append(name) for name in ("woken", "taken", "count")
    } | {broken: fail}
    store = MemoryStore(lambda: START)
    intake = GroupCommit(store, Correlator(rulebook()), **listeners)
    await asyncio.gather(*(intake.accept([seen(f"together{n}")], []) for n in range(2)))
    await intake.accept([seen("alone")], [])
    assert len(store.rows[Table.ALERTS]) == 3
    assert set(heard) == {"woken", "taken", "count"} - {broken}
    assert set(said) == {"what listens is broken"}

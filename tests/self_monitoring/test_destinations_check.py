"""Destinations are examined as the doctor does it: seldom, together, for a bounded time, and without a word to people."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.sandbox.faults import Fault, FaultKind
from gateway.self_monitoring import destinations_check
from tests.support.patience import PATIENCE
from tests.support.running_gateway import Running, Starter
from tests.support.servers import free_port


async def test_a_revoked_token_is_found_by_a_look_and_by_no_message(app: Running) -> None:
    check = app.gateway.health.worries.destinations
    assert await check.look() == ()
    app.slack.faults.add(Fault(FaultKind.ERROR, method="auth.test", error="invalid_auth"))
    assert await check.look() == (), "vendors count each look: what was found just now still counts"
    check._looked_at = None
    assert await check.look() == ("chat",)
    assert check.failed() == ("chat",)
    health = (await app.ask("/health")).json()
    assert health["checks"]["external_apis"] is False
    assert "chat did not pass its check: `gateway doctor` says why" in health["worries"]
    assert not app.slack.messages("alerts")
    assert not app.pagerduty.incidents


async def test_a_vendor_that_does_not_answer_is_not_waited_for(
    app: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_given: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(destinations_check, "SECONDS", 0.05)
    monkeypatch.setattr("gateway.outbound.kind.DestinationKind.examine", hang)
    found = await asyncio.wait_for(app.gateway.health.worries.destinations.look(), PATIENCE)
    assert found == ("chat", "pager")


async def test_a_pagerduty_where_nobody_listens_does_not_pass(starter: Starter) -> None:
    starter.more = {"PAGERDUTY_EVENTS_URL": f"http://127.0.0.1:{free_port()}"}
    app = await starter.start()
    assert await app.gateway.health.worries.destinations.look() == ("pager",)


async def test_one_that_only_writes_the_log_is_not_looked_at(starter: Starter) -> None:
    starter.more = {"SLACK_BOT_TOKEN": "", "PAGERDUTY_ROUTING_KEY": ""}
    app = await starter.start()
    assert await app.gateway.health.worries.destinations.look() == ()
    assert (await app.ask("/health")).json()["checks"]["external_apis"] is None

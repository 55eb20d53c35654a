"""A gateway is composed, started and ended as a whole."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from gateway import app as composition
from tests.support.processes import alert
from tests.support.running_gateway import Running, Starter


async def test_what_goes_to_quarantine_is_counted_as_an_observation(app: Running) -> None:
    await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z"), {"labels": "none", "status": "firing"})
    counted = app.gateway.metrics.registry.get_sample_value(
        "gateway_observations_total", {"outcome": "quarantined", "reason": "malformed"}
    )
    assert counted == 1


async def test_a_start_that_was_told_to_end_ends_though_a_library_swallowed_that(starter: Starter) -> None:
    began = False

    async def start() -> None:
        nonlocal began
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        async with composition.running(starter.environment()):
            began = True

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(start())
    assert not began

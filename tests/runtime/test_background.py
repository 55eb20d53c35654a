"""Background work goes on for as long as the gateway runs."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from gateway.runtime import background


async def test_background_work_that_a_fault_ends_is_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "PATIENCE", 0)
    begun, again = [], asyncio.Event()

    async def work() -> None:
        begun.append(True)
        if len(begun) == 1:
            raise ValueError("a fault of ours")
        again.set()
        await asyncio.Event().wait()

    async with AsyncExitStack() as stack:
        background.background(stack, work)
        await asyncio.wait_for(again.wait(), 5)
    assert len(begun) == 2

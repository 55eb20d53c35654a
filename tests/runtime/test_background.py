"""Background work goes on for as long as the gateway runs."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import partial

import pytest
import structlog

from gateway.runtime import background
from tests.support.patience import PATIENCE


async def test_background_work_that_a_fault_ends_is_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "RESTART_SECONDS", 0)
    begun, again = [], asyncio.Event()

    async def work() -> None:
        begun.append(True)
        if len(begun) == 1:
            raise ValueError("a fault of ours")
        again.set()
        await asyncio.Event().wait()

    async with AsyncExitStack() as stack:
        background.background(stack, work)
        await asyncio.wait_for(again.wait(), PATIENCE)
    assert len(begun) == 2


@pytest.mark.parametrize("end", list(background.EndOfWork))
async def test_every_end_of_background_work_is_named_and_counted(
    monkeypatch: pytest.MonkeyPatch, end: background.EndOfWork
) -> None:
    monkeypatch.setattr(background, "RESTART_SECONDS", 60)
    counted: list[tuple[str, str]] = []
    ended = asyncio.Event()

    async def work() -> None:
        if end is background.EndOfWork.FAULT:
            raise ValueError("a fault of ours")
        if end is background.EndOfWork.CANCELLED:
            raise asyncio.CancelledError

    def count(name: str, how: str) -> None:
        counted.append((name.rpartition(".")[2], how))
        ended.set()

    with structlog.testing.capture_logs() as logs:
        async with AsyncExitStack() as stack:
            background.background(stack, work, count)
            await asyncio.wait_for(ended.wait(), PATIENCE)
    assert counted == [("work", end)]
    assert [(entry["event"], entry["end"]) for entry in logs] == [("background_work_failed", end.value)]


async def test_work_is_named_after_its_function_even_if_that_has_arguments_bound() -> None:
    named, ended = [], asyncio.Event()

    async def work(_what: str) -> None: ...

    def count(name: str, _how: str) -> None:
        named.append(name)
        ended.set()

    async with AsyncExitStack() as stack:
        background.background(stack, partial(work, "x"), count)
        await asyncio.wait_for(ended.wait(), PATIENCE)
    assert named[0].endswith("work")
    assert "0x" not in named[0]


async def test_work_that_swallows_a_cancellation_is_cancelled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "CANCEL_SECONDS", 0.01)
    cancelled: list[bool] = []
    began = asyncio.Event()

    async def stubborn() -> None:
        while len(cancelled) < 2:
            try:
                began.set()
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.append(True)
        raise asyncio.CancelledError

    async with AsyncExitStack() as stack:
        background.background(stack, stubborn)
        await began.wait()
    assert len(cancelled) == 2

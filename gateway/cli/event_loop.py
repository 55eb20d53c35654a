"""The event loop of the commands that run until they are stopped."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

from gateway.cli.exit_codes import TERMINATED

try:
    from uvloop import new_event_loop
except ImportError:  # uvloop has no build for Windows
    new_event_loop = None  # type: ignore[assignment]

T = TypeVar("T")


def run_until_stopped(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` on uvloop, or on asyncio's own loop without it. SIGTERM ends the process with 143."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        try:
            return runner.run(_cancelled_by_sigterm(work))
        except asyncio.CancelledError:
            sys.exit(TERMINATED)


async def _cancelled_by_sigterm(work: Coroutine[Any, Any, T]) -> T:
    """Await `work`. SIGTERM cancels it as Ctrl-C does, so that whatever was started is stopped in order."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work

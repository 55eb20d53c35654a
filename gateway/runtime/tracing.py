"""The one door to OpenTelemetry: nothing of it is imported unless the settings ask for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from importlib.metadata import version

import structlog

from gateway.config.otlp import Otlp
from gateway.ports.spans import Spans
from gateway.telemetry.logging import ALSO_TO

log = structlog.get_logger("gateway.tracing")

Count = Callable[[str, str, int], None]
FLUSH_SECONDS = 3.0  # at the end, for what still waits: the receiver may be away
REMEDY = "pip install '.[tracing]' in a checkout, or unset the variables of OpenTelemetry"


def open_tracing(stack: AsyncExitStack, asked: Otlp, count: Count) -> Spans | None:
    """Return what begins spans, None where there is no tracing. What is left is sent when the stack ends.

    Log lines are sent from now on, too, where that is asked for. `count` is called with a signal, what became
    of its records, and how many.
    """
    for warning in asked.warnings:
        log.warning("telemetry_setting", remedy=warning)
    if asked.traces is None and asked.logs is None:
        return None
    try:
        return _send(stack, asked, count)
    except ImportError as error:
        # Alerts are told all the same: a trace that is missing is no reason to tell nobody.
        log.error("tracing_not_installed", missing=error.name, remedy=REMEDY)  # noqa: TRY400 - the name says it all
        return None


def _send(stack: AsyncExitStack, asked: Otlp, count: Count) -> Spans | None:
    from gateway.telemetry.tracing import logs, traces

    if (to := asked.logs) is not None:
        taker, close = logs.open_logs(to, version("alert-gateway"), count)
        stack.push_async_callback(partial(close_in_time, close))
        stack.callback(setattr, ALSO_TO, "taker", None)
        ALSO_TO.taker = taker
        log.info("logs_sent", endpoint=to.place, protocol=to.protocol)
    if (to := asked.traces) is None:
        return None
    spans, close = traces.open_traces(to, asked.share, version("alert-gateway"), count)
    stack.push_async_callback(partial(close_in_time, close))
    log.info("traces_sent", endpoint=to.place, protocol=to.protocol)
    return spans


async def close_in_time(close: Callable[[], None], seconds: float = FLUSH_SECONDS) -> None:
    """Call `close` in a thread, and leave it behind where it takes longer."""
    done = threading.Event()

    def work() -> None:
        close()
        done.set()

    threading.Thread(target=work, daemon=True, name="telemetry-close").start()
    if not await asyncio.to_thread(done.wait, seconds):
        log.warning("telemetry_not_flushed", seconds=seconds)

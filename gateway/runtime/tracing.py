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

log = structlog.get_logger("gateway.tracing")

FLUSH_SECONDS = 3.0  # at the end, for what still waits: the receiver may be away
REMEDY = "pip install 'alert-gateway[tracing]', or unset the variables of OpenTelemetry"


def open_tracing(stack: AsyncExitStack, asked: Otlp, count: Callable[[str, str, int], None]) -> Spans | None:
    """Return what begins spans, None where there is no tracing; the last spans are sent when the stack ends.

    `count` is called with a signal, what became of its records, and how many.
    """
    for warning in asked.warnings:
        log.warning("telemetry_setting", remedy=warning)
    if asked.traces is None:
        return None
    try:
        from gateway.telemetry.tracing.traces import open_traces
    except ImportError as error:
        # Alerts are told all the same: a trace that is missing is no reason to tell nobody.
        log.error(  # noqa: TRY400 - the name says it all
            "tracing_not_installed", missing=error.name, remedy=REMEDY
        )
        return None
    spans, close = open_traces(asked.traces, asked.share, version("alert-gateway"), count)
    stack.push_async_callback(partial(close_in_time, close))
    log.info("tracing", endpoint=asked.traces.endpoint, protocol=asked.traces.protocol)
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

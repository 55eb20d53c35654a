"""The way to a server of Elastic APM: the agent's own, with a word in the log that helps."""

from __future__ import annotations

import logging

import structlog
from elasticapm.transport.http import Transport as AgentTransport

from gateway.clock import elapsed_seconds

SAY_EVERY_SECONDS = 60.0
THREAD = "eapm event processor thread"  # the agent's name for the one that sends

log = structlog.get_logger("gateway.apm")


class Transport(AgentTransport):
    """Says once a minute that a server does not take what it is sent. The agent would say so at each try."""

    _said_at: float | None = None

    def handle_transport_fail(self, exception: Exception | None = None, **kwargs: object) -> None:
        super().handle_transport_fail(exception, **kwargs)
        now = elapsed_seconds()
        if self._said_at is None or now - self._said_at >= SAY_EVERY_SECONDS:
            self._said_at = now
            log.warning(
                "apm_not_taken",
                error=str(exception)[:500],
                remedy="does an APM server run at ELASTIC_APM_SERVER_URL, and is its token the right one?",
            )


def silence_each_try() -> None:
    """Keep what the agent, and the HTTP client in its thread, say of each try out of the log."""
    logging.getLogger("elasticapm.transport").setLevel(logging.CRITICAL)
    logging.getLogger("urllib3.connectionpool").addFilter(_is_of_another_thread)


def _is_of_another_thread(record: logging.LogRecord) -> bool:
    return record.threadName != THREAD

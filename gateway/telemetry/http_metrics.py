"""Rate, errors and duration of every endpoint that this process serves."""

from __future__ import annotations

from gateway.telemetry.bounded import OTHER
from gateway.telemetry.catalogue import Catalogue
from gateway.telemetry.current_span import CURRENT, exemplar

REQUEST_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
# They are asked every few seconds by machines, which look at the answer alone: no trace has them.
UNTRACED = ("/livez", "/readyz", "/health", "/metrics")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class HttpMetrics:
    """`endpoint` is the path as the router has it, with `{incident}` in the place of an id, and `other` for
    what leads nowhere: anybody may ask for any path.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._requests = catalogue.counter(
            "gateway_http_requests",
            "Requests by endpoint, method and status of the answer",
            ["endpoint", "method", "status"],
        )
        self._seconds = catalogue.histogram(
            "gateway_http_request_seconds",
            "From a request's arrival to the end of its answer",
            ["endpoint"],
            buckets=REQUEST_SECONDS,
        )

    def answered(self, endpoint: str | None, method: str, status: int, seconds: float) -> None:
        """Count a request; `endpoint` is None where the path leads nowhere."""
        shown = endpoint or OTHER
        known = method if method in METHODS else OTHER
        self._requests.labels(shown, known, str(status)).inc()
        self._seconds.labels(shown).observe(seconds, exemplar())
        if (span := CURRENT.get()) is not None:
            span.answered(shown, known, status)

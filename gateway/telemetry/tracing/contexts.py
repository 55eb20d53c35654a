"""The spans of others, by the text that names them."""

from __future__ import annotations

import re
from functools import lru_cache

from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanContext, TraceFlags, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

SAMPLED = TraceFlags(TraceFlags.SAMPLED)
TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-01")  # as `TracedSpan.traceparent` has it
# What https://www.w3.org/TR/trace-context/#traceparent-header allows of version 00: the propagator takes four
# times as long for it
PLAIN = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")

_propagator = TraceContextTextMapPropagator()


@lru_cache(maxsize=256)  # a webhook may change a hundred incidents, which are planned together
def links_to(traceparent: str) -> tuple[Link, ...]:
    """Return the link to a webhook by a `traceparent` that a span of ours wrote; none for any other text."""
    found = TRACEPARENT.fullmatch(traceparent)
    return () if found is None else (Link(SpanContext(int(found[1], 16), int(found[2], 16), True, SAMPLED)),)


def context_of(traceparent: str, tracestate: str) -> SpanContext | None:
    """Return the span that the headers of a request name; None where they name none."""
    if not tracestate and (plain := PLAIN.fullmatch(traceparent)):
        flags = TraceFlags(int(plain[3], 16))
        return SpanContext(int(plain[1], 16), int(plain[2], 16), is_remote=True, trace_flags=flags)
    carrier = {"traceparent": traceparent, "tracestate": tracestate}
    # An empty context, or the current one would stand in for a header that names no span.
    context = get_current_span(_propagator.extract(carrier, Context())).get_span_context()
    return context if context.is_valid else None

"""The cause of a change: the webhook that made it, by its id in the log, and by its span where it is in
a trace.

A cause is one text, `<correlation id>` or `<correlation id>/<traceparent>`, which travels with an
observation to the incident that it changes. An older gateway takes the whole of it for a correlation id.
"""

from __future__ import annotations

SEPARATOR = "/"  # no correlation id has one


def cause(correlation: str, traceparent: str = "") -> str:
    """Return the cause; `traceparent` is empty where the webhook is in no trace that is kept."""
    return f"{correlation}{SEPARATOR}{traceparent}" if traceparent else correlation


def correlation_of(caused_by: str) -> str:
    return caused_by.partition(SEPARATOR)[0]


def traceparent_of(caused_by: str) -> str:
    """Return the webhook's span as a header's `traceparent`; empty where it is in no trace that is kept."""
    return caused_by.partition(SEPARATOR)[2]


def trace_id_of(caused_by: str) -> str:
    """Return the id of the trace, for people who look for it; empty where there is none."""
    parts = traceparent_of(caused_by).split("-")
    return parts[1] if len(parts) == 4 else ""


def later_cause(before: str, after: str) -> str:
    """Return the cause of a change that nobody has planned yet, once another webhook has added to it.

    That is the later one, unless only the one before can be followed in a trace.
    """
    return before if traceparent_of(before) and not traceparent_of(after) else after

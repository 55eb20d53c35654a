"""Spans: what a trace says of one piece of work. Without tracing there is none, and nobody asks for one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeAlias

SpanValue: TypeAlias = str | int | float | bool


class Span(Protocol):
    """One piece of work under way, which is in the sample.

    Its attributes are words of ours, counts and ids: never a label's value, a secret, or a person.
    """

    @property
    def traceparent(self) -> str:
        """The span as a header, https://www.w3.org/TR/trace-context/#traceparent-header."""
        ...

    @property
    def trace_id(self) -> str: ...

    @property
    def span_id(self) -> str: ...

    def note(self, **attributes: SpanValue) -> None:
        """Add attributes; their names get the prefix `gateway.`."""
        ...

    def step(self, name: str, began: float, ended: float) -> None:
        """Add a finished piece of this work; both times are those of `elapsed_seconds`."""
        ...

    def sent(self, seconds: float, **attributes: SpanValue) -> None:
        """Add a call to a vendor that has just ended and took so long."""
        ...

    def child(self, name: str, others: Sequence[Span] = ()) -> Span:
        """Begin a piece of this work, which `others` have a share in."""
        ...

    def current(self) -> AbstractContextManager[Span]:
        """Have what is done inside, its log lines and its measurements belong to this span."""
        ...

    def answered(self, endpoint: str, method: str, status: int) -> None:
        """Say how a request was answered: the endpoint as the router has it, with no id in it."""
        ...

    def fail(self) -> None:
        """Say that the work did not do what it was for."""
        ...

    def end(self) -> None: ...


class Spans(Protocol):
    """Begins the first span of a piece of work; None where it is not in the sample."""

    def serve(self, name: str, traceparent: str, tracestate: str) -> Span | None:
        """Begin the answer to a request, within the trace of whoever sent it."""
        ...

    def caused(self, name: str, traceparent: str, began: float) -> Span | None:
        """Begin work that a sampled webhook has caused, and link it to that one.

        `began` is a time of `elapsed_seconds`. Without a `traceparent` its cause is not in the sample,
        so this is not.
        """
        ...

    def alone(self, name: str) -> Span | None:
        """Begin work that no webhook has caused: a share of it is in the sample."""
        ...

"""A round of the gateway's own work that has failed has a span; one that went well, or is not in the sample, has none."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, Sampler
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import StatusCode

from gateway.telemetry.current_span import CURRENT
from gateway.telemetry.own_work import OwnWork
from gateway.telemetry.tracing.finished import FinishedSpan, Origin
from gateway.telemetry.tracing.spans import TracedSpans


def own_work(finished: list[FinishedSpan], sampler: Sampler) -> OwnWork:
    work = OwnWork()
    work.spans = TracedSpans(
        Origin(Resource({}), InstrumentationScope("gateway"), lambda trace: finished.extend(trace.spans)),
        sampler,
    )
    return work


def test_what_is_said_of_it_belongs_to_a_span_that_has_failed() -> None:
    finished: list[FinishedSpan] = []
    with own_work(finished, ALWAYS_ON).failed("audit"):
        under_way = CURRENT.get()
    (span,) = finished
    assert under_way is not None
    assert (span.name, f"{span.context.span_id:016x}", span.parent) == ("audit", under_way.span_id, None)
    assert span.status.status_code is StatusCode.ERROR
    assert CURRENT.get() is None


@pytest.mark.parametrize("sampler", [ALWAYS_OFF, None], ids=["not in the sample", "no tracing"])
def test_without_one_it_is_only_said(sampler: Sampler | None) -> None:
    finished: list[FinishedSpan] = []
    work = own_work(finished, sampler) if sampler is not None else OwnWork()
    with work.failed("audit"):
        assert CURRENT.get() is None
    assert finished == []

from __future__ import annotations

from gateway.model.cause import cause, correlation_of, later_cause, trace_id_of, traceparent_of

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = f"00-{TRACE}-00f067aa0ba902b7-01"


def test_a_cause_in_a_trace_has_its_correlation_id_and_its_span() -> None:
    found = cause("abc", SPAN)

    assert (correlation_of(found), traceparent_of(found), trace_id_of(found)) == ("abc", SPAN, TRACE)


def test_a_cause_in_no_trace_is_its_correlation_id_as_ever() -> None:
    found = cause("abc")

    assert (found, correlation_of(found), traceparent_of(found), trace_id_of(found)) == ("abc", "abc", "", "")


class TestTheCauseOfAChangeThatNobodyHasPlanned:
    def test_is_the_later_one(self) -> None:
        assert later_cause(cause("a", SPAN), cause("b", SPAN)) == cause("b", SPAN)
        assert later_cause("a", "b") == "b"

    def test_is_the_one_before_where_that_alone_is_in_a_trace(self) -> None:
        assert later_cause(cause("a", SPAN), "b") == cause("a", SPAN)

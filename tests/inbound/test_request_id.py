"""The id that a webhook goes by in the log."""

from __future__ import annotations

import pytest

from gateway.inbound.request_id import request_id

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def named(**headers: str) -> str:
    return request_id(
        {"headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]}
    )


@pytest.mark.parametrize(
    ("headers", "used"),
    [
        pytest.param({"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}, TRACE, id="the caller's trace"),
        pytest.param({"x_request_id": "req-1.a_B"}, "req-1.a_B", id="the caller's request id"),
        pytest.param(
            {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "x_request_id": "r"},
            TRACE,
            id="the trace before it",
        ),
        pytest.param(
            {"traceparent": "nonsense", "x_request_id": "r"}, "r", id="the request id beside a broken trace"
        ),
    ],
)
def test_the_callers_id_is_used(headers: dict[str, str], used: str) -> None:
    assert named(**headers) == used


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="none given"),
        pytest.param({"traceparent": f"00-{'0' * 32}-00f067aa0ba902b7-01"}, id="a trace of zeros"),
        pytest.param(
            {"traceparent": f"00-{'é' * 32}-00f067aa0ba902b7-01"}, id="a trace that is not hexadecimal"
        ),
        pytest.param({"x_request_id": "a\tb"}, id="a request id with control characters"),
        pytest.param({"x_request_id": "a" * 65}, id="a request id without end"),
    ],
)
def test_what_is_not_well_formed_is_replaced_by_one_of_our_own(headers: dict[str, str]) -> None:
    assert len(named(**headers)) == 16
    assert named(**headers) != named(**headers)

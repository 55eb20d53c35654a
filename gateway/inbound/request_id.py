"""The id of a request in the log: the caller's own if it is well-formed, so that lines of both sides meet."""

from __future__ import annotations

import re
from secrets import token_hex

from starlette.types import Scope

from gateway.inbound.webhooks.body import header

OWN_ID_BYTES = 8
# https://www.w3.org/TR/trace-context/#traceparent-header: version, trace, parent, flags; zeros are no trace
_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


def request_id(scope: Scope) -> str:
    """Return the trace of the header `traceparent`, else `X-Request-Id`, else a random id."""
    traced = _TRACEPARENT.fullmatch(header(scope, b"traceparent"))
    if traced is not None:
        return traced[1].decode()
    named = _REQUEST_ID.fullmatch(header(scope, b"x-request-id"))
    return named[0].decode() if named is not None else token_hex(OWN_ID_BYTES)

"""What PagerDuty answers where it does not do what is asked."""

from __future__ import annotations

from starlette.responses import Response

from gateway.sandbox.pagerduty.events import BadEvent
from gateway.sandbox.vendor import json_response, retry_after_header


def bad_event(error: BadEvent) -> Response:
    status, message = "invalid event", "Event object is invalid"
    if error.unreadable:
        status, message = "Unrecognized object", "Event object format is unrecognized"
    return json_response({"status": status, "message": message, "errors": error.errors}, 400)


def rate_limited(seconds: int) -> Response:
    body = {"error": {"message": "Rate Limit Exceeded", "code": 2020}}
    return json_response(body, 429, retry_after_header(seconds))


def refused(status: int, code: int, message: str, *errors: str) -> Response:
    return json_response({"error": {"message": message, "code": code, "errors": errors}}, status)

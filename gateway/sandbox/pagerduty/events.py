"""An event as the Events API v2 takes it: https://developer.pagerduty.com/docs/send-alert-event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from urllib.parse import urlsplit

import msgspec

JsonObject = dict[str, object]
BODY_MAX = 512_000  # bytes; "512 KB", the stricter reading, which Alertmanager takes too
ROUTING_KEY_LENGTH = 32
DEDUP_KEY_MAX = 255
SUMMARY_MAX = 1_024
ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")


class BadEvent(Exception):
    """Answered with 400 and these errors."""

    def __init__(self, *errors: str, unreadable: bool = False) -> None:
        super().__init__("; ".join(errors))
        self.errors = errors
        self.unreadable = unreadable


def read_event(body: bytes) -> JsonObject:
    """The JSON object that was sent, not yet looked at."""
    if len(body) > BODY_MAX:
        raise BadEvent(f"Event is too large: {len(body)} bytes, at most {BODY_MAX}")
    try:
        return msgspec.json.decode(body, type=JsonObject)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadEvent("JSON parse error", unreadable=True) from error


def check_event(event: JsonObject) -> None:
    errors = [*_errors(event)]
    if errors:
        raise BadEvent(*errors)


def _errors(event: JsonObject) -> Iterator[str]:
    key = event.get("routing_key")
    if not isinstance(key, str) or not key:
        yield "'routing_key' is missing or blank"
    elif len(key) != ROUTING_KEY_LENGTH:
        yield f"Length of 'routing_key' is incorrect (should be {ROUTING_KEY_LENGTH} characters)"
    action = event.get("event_action")
    if action not in ACTIONS:
        yield _must_be_one_of("event_action", ACTIONS)
    yield from _dedup_key_errors(event.get("dedup_key"), required=action in {"acknowledge", "resolve"})
    if action == "trigger":
        yield from _trigger_errors(event)


def _dedup_key_errors(key: object, *, required: bool) -> Iterator[str]:
    if key is None or key == "":
        if required:
            yield "'dedup_key' is missing or blank"
    elif not isinstance(key, str):
        yield "'dedup_key' must be a string"
    elif len(key) > DEDUP_KEY_MAX:
        yield f"'dedup_key' is too long (maximum is {DEDUP_KEY_MAX} characters)"


def _trigger_errors(event: JsonObject) -> Iterator[str]:
    payload = event.get("payload")
    if not isinstance(payload, dict):
        yield "'payload' is missing or blank"
        return
    yield from _payload_errors(payload)
    yield from _strings(event, "", ("client", "client_url"))
    yield from _objects(event, "links", "href")
    yield from _objects(event, "images", "src")
    images = event.get("images")
    for image in images if isinstance(images, list) else []:
        if isinstance(image, dict) and urlsplit(str(image.get("src", ""))).scheme != "https":
            yield "'images.src' must be served via HTTPS"


def _payload_errors(payload: Mapping[str, object]) -> Iterator[str]:
    for name in ("summary", "source"):
        if not isinstance(payload.get(name), str) or not str(payload[name]).strip():
            yield f"'payload.{name}' is missing or blank"
    if len(str(payload.get("summary", ""))) > SUMMARY_MAX:
        yield f"'payload.summary' is too long (maximum is {SUMMARY_MAX} characters)"
    if payload.get("severity") not in SEVERITIES:
        yield _must_be_one_of("payload.severity", SEVERITIES)
    if "timestamp" in payload and not _is_time(payload["timestamp"]):
        yield "'payload.timestamp' is not a valid ISO 8601 time"
    if not isinstance(payload.get("custom_details", {}), dict):
        yield "'payload.custom_details' must be an object"
    yield from _strings(payload, "payload.", ("component", "group", "class"))


def _strings(holder: Mapping[str, object], prefix: str, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        if not isinstance(holder.get(name, ""), str):
            yield f"'{prefix}{name}' must be a string"


def _objects(event: JsonObject, name: str, required: str) -> Iterator[str]:
    items = event.get(name, [])
    if not isinstance(items, list):
        yield f"'{name}' must be an array"
        return
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get(required), str):
            yield f"'{name}.{required}' is missing or blank"


def _must_be_one_of(name: str, values: tuple[str, ...]) -> str:
    return f"'{name}' is invalid (must be one of the following: {', '.join(repr(value) for value in values)})"


def _is_time(value: object) -> bool:
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        return False
    return True

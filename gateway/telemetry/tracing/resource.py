"""What traces and logs have in common: who sends them, and with which headers."""

from __future__ import annotations

import logging

from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, OTELResourceDetector, Resource
from opentelemetry.util.re import parse_env_headers

SERVICE = "alert-gateway"


class SharedResource(Resource):
    """One resource for all spans. The encoder groups them by it, and would hash all its text for each."""

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


def resource_of(version: str) -> Resource:
    """Return what is said of this process; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES count."""
    own = Resource({SERVICE_NAME: SERVICE, SERVICE_VERSION: version})
    merged = Resource.create().merge(own).merge(OTELResourceDetector().detect())
    return SharedResource(merged.attributes, merged.schema_url)


def headers_of(text: str) -> dict[str, str] | None:
    """Read headers as their variable has them: `name=value,name=value`, percent-encoded."""
    return dict(parse_env_headers(text, liberal=True)) or None


def silence_the_sdk() -> None:
    """The SDK logs each failure; the outbox says once a minute what was lost."""
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)

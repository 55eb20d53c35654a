"""The places to which traces and logs are sent by OTLP, https://opentelemetry.io/docs/specs/otlp/."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

HTTP, GRPC = "http/protobuf", "grpc"


class Signal(StrEnum):
    """A kind of telemetry, by its word in the variables and in the path of its address."""

    TRACES = "traces"
    LOGS = "logs"


@dataclass(frozen=True, slots=True)
class Exporter:
    """The way of one signal to its receiver. `headers` are as their variable has them, and may hold a secret."""

    signal: Signal
    endpoint: str
    protocol: str
    plain: bool  # without TLS
    headers: str
    queue: int  # spans or records that may wait to be sent
    batch: int  # that are sent together, at most

    @property
    def place(self) -> str:
        """The address without what may be secret in it, for the log."""
        parts = urlsplit(self.endpoint)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()

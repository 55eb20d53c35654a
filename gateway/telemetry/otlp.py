"""Where traces and logs are sent by OTLP, https://opentelemetry.io/docs/specs/otlp/."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

HTTP, GRPC = "http/protobuf", "grpc"


class Signal(StrEnum):
    """What is sent, by the word in its variables and in its path."""

    TRACES = "traces"
    LOGS = "logs"


@dataclass(frozen=True, slots=True)
class Exporter:
    """Where one signal goes. `headers` are as their variable has them, and may hold a secret."""

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

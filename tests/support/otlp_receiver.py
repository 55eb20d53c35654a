"""A receiver of OTLP that decodes what arrives, by HTTP and by gRPC, in place of a Jaeger or a collector.

The messages are those of opentelemetry-proto, https://opentelemetry.io/docs/specs/otlp/.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import (
    LogsServiceServicer,
    add_LogsServiceServicer_to_server,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.sandbox.server import LocalServer
from tests.support.patience import PATIENCE


@dataclass(frozen=True)
class Link:
    """A span that another one is linked to."""

    trace_id: str
    span_id: str


@dataclass(frozen=True)
class ReceivedSpan:
    """A span as it arrived; times in ns, ids in hex, `parent` empty for the first one of its trace."""

    name: str
    trace_id: str
    span_id: str
    parent: str
    kind: str
    started: int
    ended: int
    failed: bool
    attributes: dict[str, Any]
    links: tuple[Link, ...]
    resource: dict[str, Any]
    state: str = ""


@dataclass(frozen=True)
class ReceivedLog:
    """A log record as it arrived."""

    body: Any
    severity: str
    trace_id: str
    span_id: str
    attributes: dict[str, Any]
    resource: dict[str, Any]


@dataclass
class OtlpReceiver:
    """Keeps what it is sent. `delay` (seconds) makes it slow, `status` (HTTP) makes it refuse."""

    spans: list[ReceivedSpan] = field(default_factory=list)
    logs: list[ReceivedLog] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    delay: float = 0.0
    status: int = 200
    url: str = ""
    grpc_url: str = ""
    _server: LocalServer = field(default_factory=LocalServer)

    def named(self, name: str) -> list[ReceivedSpan]:
        return [span for span in self.spans if span.name == name]

    def of_trace(self, trace_id: str) -> list[ReceivedSpan]:
        return [span for span in self.spans if span.trace_id == trace_id]

    async def until(self, condition: Callable[[], object]) -> None:
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not condition():
            seen = sorted({span.name for span in self.spans})
            assert asyncio.get_running_loop().time() < deadline, f"it did not arrive; there were {seen}"
            await asyncio.sleep(0.02)

    def take_traces(self, request: ExportTraceServiceRequest) -> None:
        for group in request.resource_spans:
            resource = _attributes(group.resource.attributes)
            self.spans += [_span(span, resource) for scope in group.scope_spans for span in scope.spans]

    def take_logs(self, request: ExportLogsServiceRequest) -> None:
        for group in request.resource_logs:
            resource = _attributes(group.resource.attributes)
            self.logs += [
                _log(record, resource) for scope in group.scope_logs for record in scope.log_records
            ]

    async def _posted(self, request: Request) -> Response:
        body = await request.body()
        if request.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        await self._server.closes_within(self.delay)
        if self.status != 200:
            return Response(status_code=self.status)
        self.headers.append(dict(request.headers))
        if request.url.path.endswith("/v1/traces"):
            self.take_traces(ExportTraceServiceRequest.FromString(body))
            answer: Any = ExportTraceServiceResponse()
        else:
            self.take_logs(ExportLogsServiceRequest.FromString(body))
            answer = ExportLogsServiceResponse()
        return Response(answer.SerializeToString(), media_type="application/x-protobuf")

    @classmethod
    @asynccontextmanager
    async def start(cls, tls: Path | None = None) -> AsyncIterator[OtlpReceiver]:
        """Listen on two free ports of 127.0.0.1: `url` for HTTP, `grpc_url` for gRPC, that by TLS with the
        `certificates` in the folder `tls`.
        """
        receiver = cls()
        server = receiver._server
        routes = [Route(path, receiver._posted, methods=["POST"]) for path in ("/v1/traces", "/v1/logs")]
        remote = grpc.aio.server()
        add_TraceServiceServicer_to_server(_Traces(receiver), remote)
        add_LogsServiceServicer_to_server(_Logs(receiver), remote)
        if tls is None:
            receiver.grpc_url = f"http://127.0.0.1:{remote.add_insecure_port('127.0.0.1:0')}"
        else:
            key, own = (tls / "server.key").read_bytes(), (tls / "server.pem").read_bytes()
            port = remote.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(key, own)]))
            receiver.grpc_url = f"https://127.0.0.1:{port}"
        await remote.start()
        try:
            async with server.running(Starlette(routes=routes), 0):
                receiver.url = server.url
                yield receiver
        finally:
            await remote.stop(grace=None)


class _Traces(TraceServiceServicer):
    def __init__(self, receiver: OtlpReceiver) -> None:
        self._receiver = receiver

    async def Export(  # noqa: N802 - the name in the protocol
        self, request: ExportTraceServiceRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> ExportTraceServiceResponse:
        await asyncio.sleep(self._receiver.delay)
        self._receiver.headers.append(
            {str(name): str(value) for name, value in context.invocation_metadata()}
        )
        self._receiver.take_traces(request)
        return ExportTraceServiceResponse()


class _Logs(LogsServiceServicer):
    def __init__(self, receiver: OtlpReceiver) -> None:
        self._receiver = receiver

    async def Export(  # noqa: N802 - the name in the protocol
        self, request: ExportLogsServiceRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> ExportLogsServiceResponse:
        await asyncio.sleep(self._receiver.delay)
        self._receiver.take_logs(request)
        return ExportLogsServiceResponse()


def _span(span: Any, resource: dict[str, Any]) -> ReceivedSpan:
    kind = type(span).SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower()
    return ReceivedSpan(
        span.name,
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        kind,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        span.status.code == type(span.status).STATUS_CODE_ERROR,
        _attributes(span.attributes),
        tuple(Link(link.trace_id.hex(), link.span_id.hex()) for link in span.links),
        resource,
        span.trace_state,
    )


def _log(record: Any, resource: dict[str, Any]) -> ReceivedLog:
    return ReceivedLog(
        _value(record.body),
        record.severity_text,
        record.trace_id.hex(),
        record.span_id.hex(),
        _attributes(record.attributes),
        resource,
    )


def _attributes(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(inner) for inner in value.array_value.values]
    if kind == "kvlist_value":
        return _attributes(value.kvlist_value.values)
    return getattr(value, kind) if kind else None

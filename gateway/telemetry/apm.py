"""Elastic APM: each request is a transaction, sent by Elastic's agent in threads of its own.

This module imports the agent, so it is imported only where APM is asked for (`gateway/runtime/apm.py`). The
agent's instrumentation of libraries stays off: it would send the addresses that webhooks go to.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable, Collection, Mapping
from types import TracebackType
from typing import Any, Self

import elasticapm
from elasticapm.conf.constants import ERROR, SPAN, TRANSACTION
from elasticapm.contrib.starlette import make_apm_client
from elasticapm.utils.disttracing import TraceParent
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.telemetry.apm_transport import silence_each_try
from gateway.telemetry.bounded import OTHER
from gateway.telemetry.http_metrics import METHODS, UNTRACED

# The agent's own variables win over these. Elsewhere than in a cloud the address of its metadata hangs.
DEFAULTS = {
    "CAPTURE_BODY": "off",
    "CAPTURE_HEADERS": False,
    "COLLECT_LOCAL_VARIABLES": "off",
    "INSTRUMENT": False,
    "CENTRAL_CONFIG": False,
    "CLOUD_PROVIDER": "none",
    "DISABLE_LOG_RECORD_FACTORY": True,
    "SPAN_STACK_TRACE_MIN_DURATION": "-1ms",
    "TRANSACTION_IGNORE_URLS": ",".join(UNTRACED),
    "TRANSPORT_CLASS": "gateway.telemetry.apm_transport.Transport",
    "USE_CERTIFI": False,  # the system's authorities, like everywhere else
}
KEPT_OF_EXCEPTION = ("type", "module", "handled", "stacktrace", "cause")
TRACE_HEADERS = frozenset({b"traceparent", b"tracestate", b"elastic-apm-traceparent"})


class Client(elasticapm.Client):
    """Elastic's client that sends no text of a request, an alert or an exception, whatever its variables say.

    `sent_labels` are the names of the labels that are sent.
    """

    sent_labels: Collection[str] = ()

    def queue(self, event_type: str, data: dict[str, Any], flush: bool = False) -> None:
        super().queue(event_type, without_values(event_type, data, self.sent_labels), flush)


def make_client(
    options: Mapping[str, str], service: str, version: str, labels: Collection[str] = ()
) -> Client:
    """Return a client whose threads run. `options` are the agent's settings by its own names."""
    silence_each_try()
    config = {"SERVICE_NAME": service, "SERVICE_VERSION": version, **DEFAULTS, **options}
    client = make_apm_client(config, client_cls=Client)
    assert isinstance(client, Client)
    assert client.tracer is not None
    client.sent_labels = labels
    # Where in the code a span began is never sent; to find out takes nearly half of what a span costs.
    client.tracer.frames_collector_func = list
    return client


def close(client: Client) -> None:
    """Send what is left, and end: a server that is away is waited for."""
    atexit.unregister(client.close)  # else the end of the process would wait for it once more
    client.close()


class ApmApp:
    """An ASGI application around another one: each request of that is a transaction.

    `endpoint_of` returns the path of a request as the router has it, None where that leads nowhere. The
    path that was asked for may hold an incident's id, so it is not sent.
    """

    def __init__(self, app: ASGIApp, client: Client, endpoint_of: Callable[[Scope], str | None]) -> None:
        self._app = app
        self._client = client
        self._endpoint_of = endpoint_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._client.should_ignore_url(scope["path"]):  # type: ignore[no-untyped-call]
            await self._app(scope, receive, send)
            return
        with _Request(self._client, scope, self._endpoint_of) as request:

            async def sending(message: Message) -> None:
                request.status = message.get("status", request.status)
                await send(message)

            await self._app(scope, receive, sending)


class _Request:
    """The transaction of one request, which goes on with the trace of whoever sent it."""

    def __init__(self, client: Client, scope: Scope, endpoint_of: Callable[[Scope], str | None]) -> None:
        self.status = 500
        self._client, self._scope, self._endpoint_of = client, scope, endpoint_of

    def __enter__(self) -> Self:
        headers = {
            name.decode(): value.decode("latin-1")
            for name, value in self._scope["headers"]
            if name in TRACE_HEADERS
        }
        self._client.begin_transaction("request", trace_parent=TraceParent.from_headers(headers))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        method = self._scope["method"] if self._scope["method"] in METHODS else OTHER
        elasticapm.set_context({"method": method}, "request")
        elasticapm.set_context({"status_code": self.status}, "response")
        if isinstance(error, Exception):
            self._client.capture_exception((kind, error, trace))  # type: ignore[no-untyped-call]
            elasticapm.set_transaction_outcome("failure")
        else:
            elasticapm.set_transaction_outcome(http_status_code=self.status)
        name = f"{method} {self._endpoint_of(self._scope) or OTHER}"
        self._client.end_transaction(name, f"HTTP {self.status // 100}xx")  # type: ignore[no-untyped-call]


def without_values(event_type: str, event: dict[str, Any], labels: Collection[str]) -> dict[str, Any]:
    """Return an event of the agent with what says nothing of an alert, a person or a secret.

    The fields are those of https://github.com/elastic/apm-server/tree/main/docs/spec/v2
    """
    if event_type not in (TRANSACTION, SPAN, ERROR):
        return event
    kept = {name: value for name, value in event.items() if name not in ("context", "log", "stacktrace")}
    if context := _context(event.get("context") or {}, labels):
        kept["context"] = context
    if "exception" in event:
        kept["exception"] = _exception(event["exception"])
    return kept


def _context(context: dict[str, Any], labels: Collection[str]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    if "method" in context.get("request", {}):
        kept["request"] = {"method": context["request"]["method"]}
    if "status_code" in context.get("response", {}):
        kept["response"] = {"status_code": context["response"]["status_code"]}
    if tags := {name: value for name, value in (context.get("tags") or {}).items() if name in labels}:
        kept["tags"] = tags
    return kept


def _exception(exception: dict[str, Any]) -> dict[str, Any]:
    """Return an exception by its type and place: its text may name what it failed at."""
    kept = {name: exception[name] for name in KEPT_OF_EXCEPTION if name in exception}
    kept["stacktrace"] = [
        {name: value for name, value in frame.items() if name != "vars"}
        for frame in kept.get("stacktrace") or ()
    ]
    if kept.get("cause"):
        kept["cause"] = [_exception(cause) for cause in kept["cause"]]
    return kept

"""Traces with a real Alertmanager in front of the gateway, and a real Prometheus that leads to them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.sandbox.server import LocalServer
from tests.support.alertmanager import alertmanager, sent, until
from tests.support.otlp_receiver import OtlpReceiver
from tests.support.prometheus import prometheus
from tests.support.running_gateway import Running, Starter
from tests.support.stack import stack_of
from tests.support.traced import SENDERS_TRACE, receiver, sending_to, told

__all__ = ["receiver"]

ALERTMANAGER = """
route: {{receiver: gateway, group_wait: 0s, group_by: [alertname]}}
receivers: [{{name: gateway, webhook_configs: [{{url: "{gateway}/webhooks/alertmanager"}}]}}]
tracing: {{client_type: {client}, endpoint: "{endpoint}", sampling_fraction: 1.0, insecure: true}}
"""
PROMETHEUS = """
global: {{scrape_interval: 1s}}
scrape_configs: [{{job_name: gateway, static_configs: [{{targets: ["{target}"]}}]}}]
"""


@asynccontextmanager
async def served(app: Running) -> AsyncIterator[str]:
    server = LocalServer()
    async with server.running(app.gateway.asgi_app, 0):
        yield server.url


@pytest.mark.long
@pytest.mark.parametrize("client", ["http", "grpc"])
async def test_a_trace_of_alertmanagers_goes_on_in_the_gateway(
    receiver: OtlpReceiver, starter: Starter, tmp_path: Path, client: str
) -> None:
    starter.more = sending_to(receiver)
    app = await starter.start()
    address = (receiver.grpc_url if client == "grpc" else receiver.url).removeprefix("http://")
    async with served(app) as url:
        config = ALERTMANAGER.format(gateway=url, client=client, endpoint=address)
        binary = stack_of("newer").alertmanager
        async with alertmanager(tmp_path, config, binary=binary) as real:
            await real.post(sent({"alertname": "Down", "service": "pay"}, started=datetime.now(UTC)))
            await receiver.until(lambda: receiver.named("POST /webhooks/alertmanager"))
            served_span = receiver.named("POST /webhooks/alertmanager")[0]
            await receiver.until(lambda: served_span.parent in {span.span_id for span in receiver.spans})
            await receiver.until(lambda: receiver.named("plan"))

    theirs = next(span for span in receiver.spans if span.span_id == served_span.parent)
    assert theirs.resource["service.name"] == "alertmanager"
    assert theirs.trace_id == served_span.trace_id
    assert served_span.trace_id in {link.trace_id for span in receiver.named("plan") for link in span.links}


@pytest.mark.long
@pytest.mark.parametrize("age", ["older", "newer"])
async def test_prometheus_leads_from_a_histogram_to_a_trace(
    receiver: OtlpReceiver, starter: Starter, tmp_path: Path, age: str
) -> None:
    starter.more = sending_to(receiver)
    app = await starter.start()
    await told(app)
    began = datetime.now(UTC).timestamp() - 60
    async with served(app) as url:
        config = PROMETHEUS.format(target=url.removeprefix("http://"))
        options = ["--enable-feature=exemplar-storage"]
        async with prometheus(tmp_path, config, binary=stack_of(age).prometheus, options=options) as real:

            async def found() -> list[str]:
                query = {
                    "query": "gateway_webhook_seconds_bucket",
                    "start": str(began),
                    "end": str(began + 600),
                }
                series = await real.ask("query_exemplars", **query)
                return [one["labels"]["trace_id"] for group in series for one in group["exemplars"]]

            await until(found)
            assert set(await found()) == {SENDERS_TRACE}

"""A gateway in this process that is reported to a server of Elastic APM."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.types import ASGIApp

from gateway.config.environment import Environment
from gateway.runtime.apm import reporting
from tests.support.apm_receiver import ApmReceiver, apm_receiver
from tests.support.pages import answers_written
from tests.support.patience import PATIENCE
from tests.support.processes import alert, body
from tests.support.running_gateway import Running, Starter
from tests.support.traced import SAMPLED, STARTS

TRACEPARENT = {"traceparent": SAMPLED}
PAY = alert("pay", starts=STARTS)


@pytest.fixture
async def receiver(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ApmReceiver]:
    # What tests look for is sent at the end at the latest.
    monkeypatch.setattr("gateway.runtime.apm.CLOSE_SECONDS", PATIENCE)
    async with apm_receiver() as found:
        yield found


@asynccontextmanager
async def reported(
    receiver: ApmReceiver, app: ASGIApp, variables: Mapping[str, str] | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of `app` with APM around it; all was sent at the end."""
    environment = Environment({"ELASTIC_APM_SERVER_URL": receiver.url, **(variables or {})})
    async with reporting(environment.apm) as reporter:
        endpoint_of = getattr(app, "endpoint_of", lambda scope: scope["path"])
        transport = httpx.ASGITransport(reporter.around(app, endpoint_of), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            yield client


@asynccontextmanager
async def reported_gateway(
    receiver: ApmReceiver, starter: Starter, variables: Mapping[str, str] | None = None
) -> AsyncIterator[Running]:
    """A gateway that is reported with all its work; what was done is sent at the end."""
    environment = Environment({"ELASTIC_APM_SERVER_URL": receiver.url, **(variables or {})})
    async with reporting(environment.apm) as reporter:
        starter.reporter = reporter
        yield await starter.start()
        await starter.stack.aclose()  # what is under way ends before its report is closed


async def told(app: Running) -> None:
    await app.until(lambda: app.slack.messages("alerts") and app.pagerduty.incidents)
    await answers_written(app.gateway.shards)


async def webhook_told(app: Running, headers: Mapping[str, str]) -> None:
    """Send a webhook of one alert with these headers, and wait until people are told of it."""
    await app.client.post("/webhooks/alertmanager", json=body(PAY), headers=dict(headers))
    await told(app)

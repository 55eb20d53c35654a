"""A real Alertmanager says why it sends a webhook; what got lost on the way is found by it."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.clock import utc_now
from gateway.sandbox.server import LocalServer
from tests.support.alertmanager import alertmanager, sent, until
from tests.support.running_gateway import Running
from tests.support.stack import stack_of

CONFIG = """
route: {{receiver: gateway, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 2s}}
receivers:
  - name: gateway
    webhook_configs: [{{url: "{url}/webhooks/alertmanager"}}]
"""
OPENED = 'gateway_observations_total{{outcome="opened",reason="{}"}}'


@pytest.mark.long
@pytest.mark.parametrize(("age", "opened"), [("newer", "sent_before"), ("older", "first_firing")])
async def test_a_firing_whose_first_webhook_was_lost_is_opened_by_its_repeat_as_sent_before(
    age: str, opened: str, app: Running, tmp_path: Path
) -> None:
    """An older Alertmanager gives no reason, so that nobody can tell that anything was lost."""
    lost: list[bytes] = []

    async def relay(request: Request) -> Response:
        body = await request.body()
        if not lost:
            lost.append(body)  # it says that it has delivered it
            return Response()
        answer = await app.ask("/webhooks/alertmanager", "POST", content=body)
        return Response(answer.content, answer.status_code)

    server = LocalServer()
    routes = [Route("/webhooks/alertmanager", relay, methods=["POST"])]
    async with server.running(Starlette(routes=routes), 0):
        config = CONFIG.format(url=server.url)
        async with alertmanager(tmp_path, config, binary=stack_of(age).alertmanager) as real:
            await real.post(sent({"alertname": "Lost", "severity": "critical"}, started=utc_now()))
            await until(lambda: app.pagerduty.incidents)

    metrics = (await app.ask("/metrics")).text
    assert f"{OPENED.format(opened)} 1.0" in metrics
    assert [page.status for page in app.pagerduty.incidents] == ["triggered"]

"""What grouping costs, as the comment in deploy/alertmanager.yml says it, on a real Alertmanager."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.alertmanager import alertmanager, until
from tests.support.stack import ALERTMANAGER_FILES, Receivers

CONFIG = """
route: {{receiver: gateway, group_by: [{by}], group_wait: 3s, group_interval: 1s, repeat_interval: 1h}}
receivers:
  - name: gateway
    webhook_configs: [{{url: "{url}/webhooks/alertmanager"}}]
"""
PODS = 100


def failing(pod: int, *, ended: bool = False) -> dict[str, object]:
    now = datetime.now(UTC)
    labels = {
        "alertname": "PodFails",
        "cluster": "eu",
        "namespace": "shop",
        "service": "cart",
        "pod": f"cart-{pod}",
    }
    return {
        "labels": labels,
        "startsAt": (now - timedelta(seconds=1) if ended else now).isoformat(),
        "endsAt": (now - timedelta(milliseconds=100) if ended else now + timedelta(minutes=9)).isoformat(),
    }


@pytest.mark.long
@pytest.mark.parametrize(
    ("by", "webhooks", "resent"), [("alertname, cluster, namespace, service", 1, 100), ("'...'", 100, 1)]
)
async def test_a_group_of_all_labels_sends_a_hundred_webhooks_for_one_and_resends_one_alert_for_a_hundred(
    by: str, webhooks: int, resent: int, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        receivers = await stack.enter_async_context(Receivers.start())
        config = CONFIG.format(by=by, url=receivers.url)
        real = await stack.enter_async_context(alertmanager(tmp_path, config))
        await real.post(*(failing(pod) for pod in range(PODS)))
        await until(lambda: sum(len(body["alerts"]) for body in receivers.gateway) >= PODS)
        first = len(receivers.gateway)
        await real.post(failing(7, ended=True))
        await until(lambda: len(receivers.gateway) > first)

    assert first == webhooks
    assert len(receivers.gateway[first]["alerts"]) == resent
    comment = ALERTMANAGER_FILES["older"].read_text("utf-8")
    assert "together are 1 webhook so and 100 that way" in comment
    assert "costs 100 alerts so and 1 that way" in comment

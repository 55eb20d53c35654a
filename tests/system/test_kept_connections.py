"""Who shows a token and comes again seldom keeps the connection: a real Alertmanager, and a real Prometheus."""

from __future__ import annotations

import asyncio
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from gateway.sandbox import PagerDutySandbox, SlackSandbox
from tests.support.alertmanager import Alertmanager, alertmanager, answers, sent, until
from tests.support.processes import GatewayProcess
from tests.support.servers import free_port, program
from tests.support.storm import CHANNELS

pytestmark = pytest.mark.long(minutes=1)

IDLE_SECONDS = 65.0
SCRAPE_SECONDS = 15
SCRAPES = 3
TOKEN = "secret-token"
CONFIG = """
route: {{receiver: gateway, group_by: [alertname], group_wait: 100ms, group_interval: 1s, repeat_interval: 4h}}
receivers:
  - name: gateway
    webhook_configs: [{{url: "{url}/webhooks/alertmanager", http_config: {{authorization: {{credentials: {token}}}}}}}]
"""
SCRAPING = """
global: {{scrape_interval: {every}s, scrape_timeout: 10s}}
scrape_configs: [{{job_name: gateway, static_configs: [{{targets: ["{place}"]}}]}}]
"""


def connections(port: int) -> set[str]:
    """The addresses of those who hold a connection to this port of this machine."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[1] for row in rows if row[2].endswith(f":{port:04X}") and row[3] == "01"}


async def failed(one: Alertmanager) -> float:
    async with httpx.AsyncClient(trust_env=False) as client:
        text = (await client.get(f"{one.url}/metrics")).text
    found = re.findall(
        r'^alertmanager_notification(?:s|_requests)_failed_total\{[^}]*"webhook"[^}]*\} (\S+)',
        text,
        re.MULTILINE,
    )
    assert found, "no such metric"
    return sum(map(float, found))


async def test_an_alertmanager_with_a_token_keeps_its_connection_while_it_idles_and_no_notification_fails(
    tmp_path: Path,
) -> None:
    async with SlackSandbox.start(channels=CHANNELS) as slack, PagerDutySandbox.start() as pagerduty:
        gateway = GatewayProcess(tmp_path / "g", slack, pagerduty, more={"GATEWAY_WEBHOOK_TOKEN": TOKEN})
        gateway.start()
        try:
            await gateway.ready()
            async with alertmanager(tmp_path, CONFIG.format(url=gateway.url, token=TOKEN)) as sender:
                labels = {"service": "s0", "severity": "critical", "team": "t0"}
                await sender.post(sent({"alertname": "First", **labels}, started=datetime.now(UTC)))
                await until(lambda: len(pagerduty.incidents) == 1)
                before = connections(gateway.port)
                await asyncio.sleep(IDLE_SECONDS)
                await sender.post(sent({"alertname": "Second", **labels}, started=datetime.now(UTC)))
                await until(lambda: len(pagerduty.incidents) == 2)
                assert len(before & connections(gateway.port)) == 1, "the connection was not kept"
                assert await failed(sender) == 0
        finally:
            gateway.kill()
            gateway.kill_store()


async def test_a_prometheus_scrapes_without_a_failure(tmp_path: Path) -> None:
    """It shows no token, so that it comes anew where it idled for longer than strangers may."""
    binary = program("prometheus", "prometheus")
    async with SlackSandbox.start(channels=CHANNELS) as slack, PagerDutySandbox.start() as pagerduty:
        gateway = GatewayProcess(tmp_path / "g", slack, pagerduty)
        config = tmp_path / "prometheus.yml"
        config.write_text(SCRAPING.format(every=SCRAPE_SECONDS, place=f"127.0.0.1:{gateway.port}"), "utf-8")
        url = f"http://127.0.0.1:{(port := free_port())}"
        arguments = [f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'data'}", f"--web.listen-address=127.0.0.1:{port}"]  # fmt: skip
        gateway.start()
        await gateway.ready()
        process = subprocess.Popen([binary, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            await until(lambda: answers(f"{url}/-/ready"))
            await asyncio.sleep(SCRAPE_SECONDS * (SCRAPES + 1))
            assert await asked(url, 'count_over_time(up{job="gateway"}[5m])') >= SCRAPES
            assert await asked(url, 'min_over_time(up{job="gateway"}[5m])') == 1
        finally:
            process.kill()
            process.wait()
            gateway.kill()
            gateway.kill_store()


async def asked(url: str, query: str) -> float:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = (await client.get(f"{url}/api/v1/query", params={"query": query})).json()
    return float(answer["data"]["result"][0]["value"][1])

"""The evaluation service, Prometheus and Alertmanager with the shipped files, all real: it is broken by its
switches and healed, and what Alertmanager sends to the gateway says both.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.support.alertmanager import alertmanager, until
from tests.support.evaluation_service import Service, service_process
from tests.support.prometheus import Prometheus, prometheus
from tests.support.servers import free_port
from tests.support.stack import (
    ALERTMANAGER_FILES,
    PROMETHEUS_FILES,
    ROOT,
    Receivers,
    Stack,
    stack_of,
    with_files_in,
)

PATIENCE = 90.0  # seconds, on a busy machine
AGES = [pytest.param(age, marks=pytest.mark.long) for age in PROMETHEUS_FILES]
# What fires at once finds no Alertmanager yet, and would be sent again after a minute.
SOON = "--rules.alert.resend-delay=1s"
OPTIONS = {"older": (SOON,), "newer": (SOON, "--enable-feature=native-histograms")}


@dataclass
class Chain:
    prometheus: Prometheus
    receivers: Receivers

    def told(self, alert: str) -> list[str]:
        """What the gateway was sent of an alert, each time: `firing` while one of several instances fires."""
        bodies = [body for body in self.receivers.gateway if body["groupLabels"]["alertname"] == alert]
        return [body["status"] for body in bodies]

    async def says(self, alert: str, status: str) -> None:
        await until(lambda: self.told(alert)[-1:] == [status], PATIENCE)


@asynccontextmanager
async def chain(folder: Path, age: str, service_port: int) -> AsyncIterator[Chain]:
    """Alertmanager and Prometheus with the shipped files, whose waits are seconds."""
    stack: Stack = stack_of(age)
    async with AsyncExitStack() as parts:
        receivers = await parts.enter_async_context(Receivers.start())
        text = with_files_in(
            folder,
            ALERTMANAGER_FILES[age].read_text("utf-8").replace("http://gateway:9096", receivers.url),
            slack_url=f"{receivers.url}/slack",
            gateway_url=f"{receivers.url}/webhooks/alertmanager",
        )
        text = re.sub(
            "group_wait: 5s|group_interval: 10s", lambda wait: wait[0].partition(":")[0] + ": 1s", text
        )
        sender = await parts.enter_async_context(alertmanager(folder, text, binary=stack.alertmanager))
        quick_rules(folder / "rules")
        config = PROMETHEUS_FILES[age].read_text("utf-8")
        config = re.sub(r"(scrape|evaluation)_interval: \d+s", r"\1_interval: 1s", config)
        config = config.replace("causal-eval:8000", f"127.0.0.1:{service_port}").replace(
            ', "alertmanager-1:9093"', ""
        )
        config = config.replace("alertmanager-0:9093", sender.url.partition("//")[2])
        watcher = prometheus(folder, config, binary=stack.prometheus, options=OPTIONS[age])
        yield Chain(await parts.enter_async_context(watcher), receivers)


def quick_rules(folder: Path) -> None:
    """The shipped rules over a quarter of a minute, without a wait."""
    folder.mkdir()
    for name in ("evaluation.yml", "gateway.yml"):
        shipped = (ROOT / "deploy/prometheus/rules" / name).read_text("utf-8")
        (folder / name).write_text(re.sub(r"for: \d+m", "for: 0s", shipped).replace("[5m]", "[15s]"), "utf-8")


@asynccontextmanager
async def asked_all_the_time(service: Service) -> AsyncIterator[None]:
    async def ask() -> None:
        while True:
            with suppress(httpx.HTTPError):
                await service.evaluate()
            await asyncio.sleep(0.2)

    asking = [asyncio.create_task(ask()) for _ in range(4)]
    try:
        yield
    finally:
        for task in asking:
            task.cancel()


@pytest.mark.parametrize("age", AGES)
async def test_what_a_switch_breaks_fires_and_ends_when_it_is_off(age: str, tmp_path: Path) -> None:
    port = free_port()
    async with chain(tmp_path, age, port) as real:
        async with service_process(tmp_path, port, "--memory-limit-mib=400") as service:
            async with asked_all_the_time(service):
                await service.switch(errors=0.5, memory=390)
                await real.says("HighErrorRate", "firing")
                await real.says("HighMemoryUsage", "firing")
                await service.switch(latency=6)
                await real.says("HighErrorRate", "resolved")
                await real.says("HighMemoryUsage", "resolved")
                await real.says("HighResponseTime", "firing")
            await service.die()
            await real.says("ServiceDown", "firing")
        async with service_process(tmp_path, port):
            await real.says("ServiceDown", "resolved")
        # No gateway was scraped, which is told past it, and to it: it may be Prometheus that is wrong.
        await until(lambda: "GatewayDown" in str(real.receivers.slack), PATIENCE)
        await real.says("GatewayDown", "firing")
        await real.says("Watchdog", "firing")


@pytest.mark.parametrize("age", AGES)
async def test_prometheus_has_a_series_of_every_query_of_the_evaluation_rules(
    age: str, tmp_path: Path
) -> None:
    port = free_port()
    queries = (
        "sum by (job) (rate(evaluation_errors_total[15s])) / sum by (job) (rate(evaluation_requests_total[15s]))",
        "histogram_quantile(0.95, sum by (job, le) (rate(evaluation_duration_seconds_bucket[15s])))",
        "sum by (job, instance) (memory_usage_bytes) / on (job, instance) memory_total_bytes",
        *(
            ["histogram_quantile(0.95, sum by (job) (rate(evaluation_duration_seconds[15s])))"]
            if age == "newer"
            else []
        ),
    )
    async with AsyncExitStack() as parts:
        real = await parts.enter_async_context(chain(tmp_path, age, port))
        service = await parts.enter_async_context(service_process(tmp_path, port))
        await parts.enter_async_context(asked_all_the_time(service))
        for query in queries:
            await until(lambda query=query: real.prometheus.query(query), PATIENCE)  # type: ignore[misc]
            (value,) = (await real.prometheus.query(query)).values()
            assert 0 <= value < 5

"""Run the stack: the evaluation service, Prometheus that scrapes it, and a pair of Alertmanagers."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.cli.stack.programs import Program, Programs
from gateway.cli.stack.shipped import (
    DEPLOY,
    ShippedFiles,
    shorter,
    sped_up,
    with_addresses,
    with_files_in,
    write_rules,
)

LOCALHOST = "127.0.0.1"
MEMORY_LIMIT_MIB = 250  # of the evaluation service, which needs a third of it
PEER_TIMEOUT_SECONDS, SETTLE_SECONDS, GOSSIP_SECONDS, RESEND_SECONDS = 15, 60, 0.2, 60  # defaults in life


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of the parts; by their meshes the two Alertmanagers talk to each other."""

    evaluation: int
    prometheus: int
    alertmanagers: tuple[int, int]
    meshes: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Layout:
    """The parts that run, and where. `gateways` are addresses (`host:port`): each Alertmanager sends to one.

    `token` is what the gateways ask of a webhook, `slack_webhook` the address for what goes past them.
    """

    programs: Programs
    files: ShippedFiles
    ports: Ports
    gateways: tuple[str, ...]
    slack_webhook: str
    token: str
    speed: float
    folder: Path


@dataclass(frozen=True, slots=True)
class Stack:
    """The parts, all ready."""

    evaluation: Program
    prometheus: Program
    alertmanagers: tuple[Program, Program]


@asynccontextmanager
async def running_stack(layout: Layout) -> AsyncIterator[Stack]:
    """Run the stack until the block ends. Raises StackError where a part does not start."""
    stack = Stack(evaluation(layout), prometheus(layout), (alertmanager(layout, 0), alertmanager(layout, 1)))
    async with AsyncExitStack() as parts:
        for part in (*stack.alertmanagers, stack.evaluation, stack.prometheus):
            parts.callback(part.kill)
            await part.start()
        yield stack


def evaluation(layout: Layout) -> Program:
    """Return the evaluation service, with its switches. It is run by the Python that runs this."""
    port, folder = layout.ports.evaluation, _folder(layout, "evaluation")
    command = (
        *(sys.executable, "-m", "evaluation"),
        *("--port", str(port), "--database", str(folder / "evaluations.sqlite3")),
        *("--with-switches", f"--memory-limit-mib={MEMORY_LIMIT_MIB}"),
    )
    url, log = f"http://{LOCALHOST}:{port}", folder / "evaluation.log"
    return Program("evaluation", command, url, "/metrics", DEPLOY / "demo", log)


def prometheus(layout: Layout) -> Program:
    """Return Prometheus with the shipped configuration and rules."""
    ports, folder = layout.ports, _folder(layout, "prometheus")
    addresses: dict[str, str | tuple[str, ...]] = {
        "gateway:9096": layout.gateways,
        "causal-eval:8000": f"{LOCALHOST}:{ports.evaluation}",
        "alertmanager-0:9093": f"{LOCALHOST}:{ports.alertmanagers[0]}",
        "alertmanager-1:9093": f"{LOCALHOST}:{ports.alertmanagers[1]}",
        "localhost:9090": f"{LOCALHOST}:{ports.prometheus}",
        "jaeger:4317": f"{LOCALHOST}:1",  # spans go to nobody
    }
    text = with_addresses(layout.files.prometheus.read_text("utf-8"), addresses)
    (folder / "prometheus.yml").write_text(sped_up(text, layout.speed), "utf-8")
    write_rules(folder / "rules", layout.speed)
    command = (
        layout.programs.prometheus,
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=tsdb",
        f"--web.listen-address={LOCALHOST}:{ports.prometheus}",
        f"--rules.alert.resend-delay={shorter(RESEND_SECONDS, layout.speed)}",
        *layout.files.prometheus_flags,
    )
    url, log = f"http://{LOCALHOST}:{ports.prometheus}", folder / "prometheus.log"
    return Program("prometheus", command, url, "/-/ready", folder, log)


def alertmanager(layout: Layout, number: int) -> Program:
    """Return one of the pair, with the shipped configuration."""
    ports, folder = layout.ports, _folder(layout, f"alertmanager-{number}")
    gateway = f"http://{layout.gateways[number % len(layout.gateways)]}"
    text = with_files_in(
        folder,
        layout.files.alertmanager.read_text("utf-8"),
        slack_url=layout.slack_webhook,
        gateway_url=f"{gateway}/webhooks/alertmanager",
        gateway_token=layout.token,
    )
    text = with_addresses(text, {"http://gateway:9096": gateway, "jaeger:4318": f"{LOCALHOST}:1"})
    (folder / "alertmanager.yml").write_text(sped_up(text, layout.speed), "utf-8")
    command = (
        layout.programs.alertmanager,
        "--config.file=alertmanager.yml",
        "--storage.path=data",
        f"--web.listen-address={LOCALHOST}:{ports.alertmanagers[number]}",
        f"--cluster.listen-address={LOCALHOST}:{ports.meshes[number]}",
        f"--cluster.peer={LOCALHOST}:{ports.meshes[1 - number]}",
        f"--cluster.peer-timeout={shorter(PEER_TIMEOUT_SECONDS, layout.speed)}",
        f"--cluster.settle-timeout={shorter(SETTLE_SECONDS, layout.speed)}",
        f"--cluster.gossip-interval={shorter(GOSSIP_SECONDS, layout.speed)}",
        *layout.files.alertmanager_flags,
    )
    url, log = f"http://{LOCALHOST}:{ports.alertmanagers[number]}", folder / "alertmanager.log"
    return Program(f"alertmanager-{number}", command, url, "/-/ready", folder, log)


def _folder(layout: Layout, name: str) -> Path:
    folder = layout.folder / name
    folder.mkdir()
    return folder

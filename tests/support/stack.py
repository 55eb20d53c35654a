"""Prometheus and Alertmanager of two ages with their tools, and what they send to."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gateway.sandbox.server import LocalServer
from tests.support.servers import program

ROOT = Path(__file__).parents[2]
NEWER = ROOT / ".cache/stack"
RULE_FILES = sorted((ROOT / "deploy/prometheus/rules").glob("*.yml"))
ALERTMANAGER_FILES = {
    "older": ROOT / "deploy/alertmanager.yml",
    "newer": ROOT / "deploy/alertmanager-033.yml",
}
PROMETHEUS_FILES = {
    "older": ROOT / "deploy/prometheus/prometheus.yml",
    "newer": ROOT / "deploy/prometheus/prometheus-3.yml",
}
# The ages that the shipped files are for. The newer programs are fetched once, by `make test-all`.
AGES = ["older", pytest.param("newer", marks=pytest.mark.long)]


@dataclass(frozen=True)
class Stack:
    """The paths of programs that belong together."""

    prometheus: str
    promtool: str
    alertmanager: str
    amtool: str


def stack_of(age: str) -> Stack:
    """Return the distribution's programs (`older`), or those that scripts/install-newer-stack has fetched.

    What is missing fails the test in CI and skips it elsewhere, with the remedy. Where the mirror had no
    release that is new enough the test skips in CI too: the script has said so.
    """
    if age == "older":
        return Stack(
            program("prometheus", "prometheus"),
            program("promtool", "prometheus"),
            program("prometheus-alertmanager", "prometheus-alertmanager"),
            program("amtool", "prometheus-alertmanager"),
        )
    asked = NEWER / "suite"
    if not asked.exists():
        message = "no newer Prometheus and Alertmanager: scripts/install-newer-stack"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    if (suite := asked.read_text("utf-8").strip()) != "forky":
        pytest.skip(f"the mirror has no Prometheus 3.5 and Alertmanager 0.33, only those of {suite}")
    bin_ = NEWER / "root/usr/bin"
    return Stack(
        *(str(bin_ / name) for name in ("prometheus", "promtool", "prometheus-alertmanager", "amtool"))
    )


def run(*command: str) -> tuple[int, str]:
    """Return the exit code and all that was written."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def read_yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def shipped_alerts() -> dict[str, dict[str, Any]]:
    """Each alert of the shipped rules by its name."""
    groups = [group for path in RULE_FILES for group in read_yaml(path)["groups"]]
    rules = [rule for group in groups for rule in group["rules"] if "alert" in rule]
    return {rule["alert"]: rule for rule in rules}


def with_files_in(folder: Path, text: str, **contents: str) -> str:
    """Write the files that a shipped configuration names, and return it with their paths in `folder`.

    The contents go by the last part of a path, with `_` in place of `-`; others have the text `secret`.
    """
    for path in set(re.findall(r"/etc/(?:alertmanager|prometheus)/[a-z-]+", text)):
        name = path.rpartition("/")[2]
        (folder / name).write_text(contents.get(name.replace("-", "_"), "secret"), "utf-8")
        text = text.replace(path, str(folder / name))
    return text


@dataclass
class Receivers:
    """A Slack webhook and a gateway that keep what Alertmanager posts to them."""

    server: LocalServer = field(default_factory=LocalServer)
    slack: list[dict[str, Any]] = field(default_factory=list)
    gateway: list[dict[str, Any]] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)  # of the gateway's webhooks

    @property
    def url(self) -> str:
        return self.server.url

    async def _posted(self, request: Request) -> Response:
        kept = {"/slack": self.slack, "/webhooks/alertmanager": self.gateway}.get(
            request.url.path, self.events
        )
        kept.append(await request.json())
        if kept is self.gateway:
            self.headers.append(dict(request.headers))
        return PlainTextResponse("ok")  # anything else Alertmanager takes for a refusal of Slack's

    @classmethod
    @asynccontextmanager
    async def start(cls) -> AsyncIterator[Receivers]:
        receivers = cls()
        paths = ("/slack", "/webhooks/alertmanager", "/webhooks/alertmanager/events")
        routes = [Route(path, receivers._posted, methods=["POST"]) for path in paths]
        async with receivers.server.running(Starlette(routes=routes), 0):
            yield receivers

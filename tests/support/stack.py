"""Prometheus and Alertmanager of two ages with their tools, and what they send to."""

from __future__ import annotations

import re
import subprocess
from collections.abc import AsyncIterator, Iterator
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

from gateway.cli.stack.shipped import NEWER, OLDER, ShippedFiles
from gateway.sandbox.server import LocalServer
from tests.support.missing import missing
from tests.support.servers import program

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs/monitoring.md"
FETCHED = ROOT / ".cache/stack"
RULE_FILES = sorted((ROOT / "deploy/prometheus/rules").glob("*.yml"))
ALERTMANAGER_FILES = {"older": OLDER.alertmanager, "newer": NEWER.alertmanager}
PROMETHEUS_FILES = {"older": OLDER.prometheus, "newer": NEWER.prometheus}
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
    if (suite := newer_suite()) != "forky":
        pytest.skip(f"the mirror has no Prometheus 3.5 and Alertmanager 0.33, only those of {suite}")
    return _fetched()


def newer_suite() -> str:
    """Return the suite that scripts/install-newer-stack has fetched; `system` where it found none.

    Where it was not run, the test fails in CI and skips elsewhere, with the remedy.
    """
    asked = FETCHED / "suite"
    if not asked.exists():
        missing("no newer Prometheus and Alertmanager: scripts/install-newer-stack")
    return asked.read_text("utf-8").strip()


def newest_that_was_fetched() -> tuple[Stack, ShippedFiles]:
    """Return the newest programs that the mirror had, and the shipped files that they understand."""
    suite = newer_suite()
    if suite == "system":
        pytest.skip("the mirror has no newer Prometheus and Alertmanager than the machine")
    return _fetched(), NEWER if suite == "forky" else OLDER


def _fetched() -> Stack:
    bin_ = FETCHED / "root/usr/bin"
    return Stack(
        *(str(bin_ / name) for name in ("prometheus", "promtool", "prometheus-alertmanager", "amtool"))
    )


def releases_of(stack: Stack) -> str:
    """Return the releases of Prometheus and Alertmanager."""
    named = (("Prometheus", stack.prometheus), ("Alertmanager", stack.alertmanager))
    said = {name: re.search(r"version (\S+)", run(path, "--version")[1]) for name, path in named}
    return ", ".join(f"{name} {version[1]}" for name, version in said.items() if version)


def run(*command: str) -> tuple[int, str]:
    """Return the exit code and all that was written."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def read_yaml(path: Path) -> Any:
    return yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)


def unexplained(path: Path) -> set[str]:
    """Return the settings of a shipped file that docs/monitoring.md does not name."""
    explained = set(re.findall(r"\w+", " ".join(re.findall("`[^`\n]+`", DOCUMENT.read_text("utf-8")))))
    return set(_settings_in(read_yaml(path))) - explained


def _settings_in(value: Any) -> Iterator[str]:
    """Yield the names of what has a value itself, not of what only holds others."""
    if isinstance(value, list):
        for inner in value:
            yield from _settings_in(inner)
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _settings_in(inner)
            if not [*_settings_in(inner)]:
                yield name


def shipped_alerts() -> dict[str, dict[str, Any]]:
    """Each alert of the shipped rules by its name."""
    groups = [group for path in RULE_FILES for group in read_yaml(path)["groups"]]
    rules = [rule for group in groups for rule in group["rules"] if "alert" in rule]
    return {rule["alert"]: rule for rule in rules}


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

"""`gateway …` in this process, and a gateway beside it that the commands ask."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from gateway.__main__ import main
from gateway.sandbox.server import LocalServer
from tests.support.running_gateway import Running, Starter

RULES = """destinations:
  chat:  {slack: {channel: "#alerts"}}
  pager: {pagerduty: {routing_key: {env: PAGERDUTY_ROUTING_KEY}}}
routes:
  - {name: everything, notify: [chat], page: [pager], page_when: {any: [{severity: critical}]}, group_wait: 30s}
"""
BAD = RULES.replace("notify", "notifi")
ADMIN = "let-the-admin-in"


@dataclass
class Done:
    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Gateway = Callable[..., Done]


@pytest.fixture
def gateway(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Gateway]:
    """`gateway …` as from a shell in an empty folder; every run is held to print no traceback."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str, given: bytes = b"", **variables: str) -> Done:
        with monkeypatch.context() as patched:
            patched.setattr(sys, "argv", ["gateway", *arguments])
            patched.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
            for name, value in variables.items():
                patched.setenv(name, value)
            code = 0
            try:
                main()
            except SystemExit as ended:
                code = int(ended.code or 0)
        done = Done(code, *capsys.readouterr())
        assert "Traceback" not in done.said
        return done

    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield run
    root.handlers = handlers  # `serve` configures the log of the whole process
    root.setLevel(level)
    structlog.reset_defaults()


def written(name: str, text: str) -> str:
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(text, "utf-8")
    return name


@dataclass
class Beside:
    """A gateway that runs beside the commands, asked over HTTP with the admin's token."""

    app: Running
    gateway: Gateway
    url: str

    async def incidents(self, *arguments: str, token: str = ADMIN, **more: str) -> Done:
        return await self.asked("incidents", *arguments, token=token, **more)

    async def asked(self, *arguments: str, token: str = ADMIN, given: bytes = b"", **more: str) -> Done:
        variables = {"GATEWAY_URL": self.url, **({"GATEWAY_ADMIN_TOKEN": token} if token else {}), **more}
        return await asyncio.to_thread(self.gateway, *arguments, given=given, **variables)


@pytest.fixture
async def beside(starter: Starter, gateway: Gateway) -> AsyncIterator[Beside]:
    starter.more = {"GATEWAY_ADMIN_TOKEN": ADMIN}
    server = LocalServer()
    with capture_logs():  # of the gateway, which shares our standard output here
        app = await starter.start()
        async with server.running(app.gateway.asgi_app, 0):
            yield Beside(app, gateway, server.url)

"""`gateway serve` listens before it says that it is ready, waits for a store that is away, and says why it
ends.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.command_line import Gateway, written
from tests.support.patience import PATIENCE
from tests.support.processes import alert, body
from tests.support.replicated import Server
from tests.support.servers import free_port

RULES = "destinations: {chat: {slack: {channel: C1}}}\nroutes: [{name: all, notify: [chat]}]\n"


@dataclass
class Serving:
    """A gateway that was started, and the lines of its log so far."""

    process: asyncio.subprocess.Process
    url: str
    log: Path

    def lines(self, event: str) -> list[dict[str, Any]]:
        found = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in found if line["event"] == event]

    async def status(self, path: str, **more: Any) -> tuple[int, str]:
        async with httpx.AsyncClient(base_url=self.url, trust_env=False) as client:
            answer = await client.request("POST" if more else "GET", path, **more)
            return answer.status_code, answer.text

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                assert self.process.returncode is None, self.log.read_text()
                await asyncio.sleep(0.05)

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), PATIENCE)


@asynccontextmanager
async def serving(folder: Path, **variables: str) -> AsyncIterator[Serving]:
    port, log = free_port(), folder / "log"
    (folder / "rules.yaml").write_text(RULES)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "GATEWAY_LISTEN": f"127.0.0.1:{port}",
        "GATEWAY_RULES": str(folder / "rules.yaml"),
        "GATEWAY_DATA_DIR": str(folder / "data"),
        **variables,
    }
    with log.open("wb") as written_to:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway", "serve", env=environment, stdout=written_to, stderr=written_to
        )
    try:
        yield Serving(process, f"http://127.0.0.1:{port}", log)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.wait(), PATIENCE)


async def test_it_says_where_it_listens_by_which_rules_and_what_is_missing_once_it_can_be_asked(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as gateway:
        await gateway.until(lambda: gateway.lines("gateway_ready"))
        assert (await gateway.status("/readyz"))[0] == 200
        (ready,) = gateway.lines("gateway_ready")
        assert (ready["address"], ready["rules_path"]) == (gateway.url, str(tmp_path / "rules.yaml"))
        assert (ready["contents"], ready["missing"]) == ("1 destination, 1 route", ["SLACK_BOT_TOKEN"])
        assert await gateway.end() == 0
        assert gateway.lines("stopping")[0]["signal"] == "SIGTERM"
        assert gateway.lines("stopped")


async def test_a_store_that_is_away_is_waited_for_by_a_process_that_answers(tmp_path: Path) -> None:
    store = Server(tmp_path)
    async with serving(tmp_path, GATEWAY_REDIS_URL=f"redis://:sesame@{store.place}/2") as gateway:
        await gateway.until(lambda: gateway.lines("waiting_for_store"))
        assert await gateway.status("/livez") == (200, "ok\n")
        waits = "the gateway waits for its store: connection refused"
        assert await gateway.status("/readyz") == (503, f"{waits}\n")
        refused = await gateway.status(
            "/webhooks/alertmanager", json=body(alert("pay", starts="2026-11-23T10:00:00Z"))
        )
        assert (refused[0], json.loads(refused[1])["error"]) == (503, waits)
        status, health = await gateway.status("/health")
        assert (status, json.loads(health)["worries"]) == (503, [waits])
        await asyncio.sleep(4)  # it has tried again meanwhile
        (said,) = gateway.lines("waiting_for_store")
        assert (said["store"], said["error"]) == (store.place, "connection refused")
        assert "is GATEWAY_REDIS_URL right" in said["remedy"]
        asked = json.loads((await gateway.status("/api/v1/incidents"))[1])
        assert asked["remedy"].startswith("ask again once its store answers")
        assert not gateway.lines("gateway_ready")
        assert "sesame" not in gateway.log.read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_while_it_waits_for_its_store_is_a_stop_like_any_other(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with serving(tmp_path, GATEWAY_REDIS_URL=f"redis://127.0.0.1:{free_port()}") as gateway:
        await gateway.until(lambda: gateway.lines("waiting_for_store"))
        async with asyncio.timeout(PATIENCE):
            assert await gateway.end(number) == 0
        assert [line["signal"] for line in gateway.lines("stopping")] == [number.name]
        assert len(gateway.lines("stopped")) == 1


async def test_it_is_ready_once_its_store_is_there_and_says_when_it_goes_and_comes_back(
    tmp_path: Path,
) -> None:
    store = Server(tmp_path)
    async with serving(tmp_path, GATEWAY_REDIS_URL=f"redis://{store.place}") as gateway:
        await gateway.until(lambda: gateway.lines("waiting_for_store"))
        store.start()
        try:
            await gateway.until(lambda: gateway.lines("gateway_ready"))
            assert gateway.lines("store_back")[0]["store"] == store.place
            assert (await gateway.status("/readyz"))[0] == 200
        finally:
            store.kill()
        async with asyncio.timeout(PATIENCE):
            while (await gateway.status("/readyz"))[0] == 200:
                await asyncio.sleep(0.1)
        assert (await gateway.status("/livez"))[0] == 200


async def test_a_store_that_refuses_our_password_is_not_waited_for(tmp_path: Path) -> None:
    store = Server(tmp_path, password="the right one")
    store.start()
    try:
        await asyncio.to_thread(store.ready)
        async with serving(tmp_path, GATEWAY_REDIS_URL=f"redis://:sesame@{store.place}") as gateway:
            assert await asyncio.wait_for(gateway.process.wait(), PATIENCE) == 2
            assert gateway.log.read_text().splitlines()[-1] == (
                "gateway: GATEWAY_REDIS_URL: it refuses our user and password: set both in the address"
            )
            assert "sesame" not in gateway.log.read_text()
    finally:
        store.kill()


def test_a_port_that_is_taken_is_one_line_with_the_setting_and_a_remedy(gateway: Gateway) -> None:
    rules = written("r.yaml", RULES)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        done = gateway("serve", GATEWAY_LISTEN=listen, GATEWAY_RULES=rules)
    remedy = "something else listens there: stop it, or set another port"
    assert (done.code, done.err) == (2, f"gateway: GATEWAY_LISTEN: {listen}: {remedy}\n")


def test_an_address_of_another_machine_is_refused_with_a_remedy(gateway: Gateway) -> None:
    tokens = {"GATEWAY_WEBHOOK_TOKEN": "a", "GATEWAY_ADMIN_TOKEN": "b"}
    done = gateway(
        "serve", GATEWAY_LISTEN="198.51.100.7:9096", GATEWAY_RULES=written("r.yaml", RULES), **tokens
    )
    assert (done.code, "this machine has no such address" in done.err) == (2, True)


def test_rules_that_are_not_there_are_a_wrong_setting(gateway: Gateway) -> None:
    done = gateway("serve", GATEWAY_RULES="nowhere", GATEWAY_LISTEN="127.0.0.1:0")
    assert (done.code, "GATEWAY_RULES: nowhere: there is no such file or folder" in done.err) == (2, True)
    assert "gateway init" in done.err


@pytest.mark.parametrize("variable", ["GATEWAY_WEBHOOK_TOKEN", "SLACK_BOT_TOKEN", "GATEWAY_PUBLIC_URL"])
def test_a_variable_of_blanks_is_refused(gateway: Gateway, variable: str) -> None:
    done = gateway("serve", **{variable: "  \t"})
    assert (done.code, f"{variable} holds nothing but blanks" in done.err) == (2, True)


async def test_serve_makes_an_admin_token_says_where_it_is_and_commands_here_read_it(
    tmp_path: Path, gateway: Gateway
) -> None:
    async with serving(tmp_path) as serves:
        await serves.until(lambda: serves.lines("gateway_ready"))
        path = tmp_path / "data/admin-token"
        token = path.read_text().strip()
        assert [line["path"] for line in serves.lines("admin_token_kept")] == [str(path)]
        assert token not in serves.log.read_text()
        assert (await serves.status("/api/v1/orders"))[0] == 401
        here = {"GATEWAY_URL": serves.url, "GATEWAY_DATA_DIR": str(tmp_path / "data")}
        done = await asyncio.to_thread(gateway, "incidents", **here)
        assert (done.code, done.out.strip()) == (0, "no incidents")
        elsewhere = await asyncio.to_thread(
            gateway, "incidents", **here | {"GATEWAY_DATA_DIR": str(tmp_path)}
        )
        assert elsewhere.code == 2
        assert "`admin-token`" in elsewhere.err


async def test_a_gateway_that_can_keep_no_token_takes_alerts_and_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/admin-token").mkdir()
    async with serving(tmp_path) as serves:
        await serves.until(lambda: serves.lines("gateway_ready"))
        (line,) = serves.lines("admin_token_not_kept")
        assert "GATEWAY_ADMIN_TOKEN" in line["remedy"]
        sent = body(alert("pay", starts="2026-11-23T10:00:00Z"))
        assert (await serves.status("/webhooks/alertmanager", json=sent))[0] == 200
        assert (await serves.status("/api/v1/orders"))[0] == 401

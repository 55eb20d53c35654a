"""systemd is told when the gateway listens, works and stops, and that its event loop turns; nobody else is told."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.config.service_manager import ServiceManagerSettings, read_service_manager
from gateway.runtime.service_manager import ServiceManager
from tests.cli.test_serve import serving
from tests.support.patience import PATIENCE
from tests.support.replicated import Server

DEADLINE_MICROSECONDS = 300_000


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.setblocking(False)
        yield listener


async def next_message(systemd: socket.socket, besides: str = "WATCHDOG=1") -> str:
    async with asyncio.timeout(PATIENCE):
        while (message := (await asyncio.get_running_loop().sock_recv(systemd, 4096)).decode()) == besides:
            pass
        return message


def asked(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": str(tmp_path / "notify"), **more}


class TestAGatewayThatSystemdStarts:
    async def test_says_that_it_listens_works_and_stops_and_in_between_that_its_event_loop_turns(
        self, systemd: socket.socket, tmp_path: Path
    ) -> None:
        watched = asked(tmp_path, WATCHDOG_USEC=str(DEADLINE_MICROSECONDS))
        async with serving(tmp_path, **watched) as gateway:
            assert (await next_message(systemd)).startswith("READY=1\n")
            assert await next_message(systemd) == f"STATUS=takes webhooks on {gateway.url}"
            for _ in range(3):
                assert await next_message(systemd, besides="") == "WATCHDOG=1"
            assert await gateway.end(signal.SIGTERM) == 0
            assert (await next_message(systemd)).startswith("STOPPING=1\n")

    async def test_counts_as_started_while_its_store_is_away(
        self, systemd: socket.socket, tmp_path: Path
    ) -> None:
        store = Server(tmp_path)
        async with serving(
            tmp_path, **asked(tmp_path), GATEWAY_REDIS_URL=f"redis://:p@{store.place}"
        ) as gateway:
            assert await next_message(systemd) == "READY=1\nSTATUS=listening, waiting for the store"
            await gateway.until(lambda: gateway.lines("waiting_for_store"))


class TestTheServiceManager:
    async def test_that_wants_to_hear_nothing_is_told_nothing(self) -> None:
        manager = ServiceManager(read_service_manager({"WATCHDOG_USEC": "1000"}))
        manager.listening()
        await manager.beat()

    def test_that_cannot_be_reached_is_logged_once(self, tmp_path: Path) -> None:
        manager = ServiceManager(ServiceManagerSettings(str(tmp_path / "away")))
        with capture_logs() as events:
            manager.listening()
            manager.stopping()
        assert [event["event"] for event in events] == ["service_manager_unreachable"]

    def test_of_a_container_may_have_a_socket_that_is_in_no_folder(self) -> None:
        name = f"@alert-gateway-test-{os.getpid()}"
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listener:
            listener.bind(b"\0" + name[1:].encode())
            ServiceManager(read_service_manager({"NOTIFY_SOCKET": name})).working("http://127.0.0.1:9096")
            assert listener.recv(4096) == b"STATUS=takes webhooks on http://127.0.0.1:9096"

    def test_that_watches_another_process_does_not_watch_this_one(self) -> None:
        variables = {"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "60000000"}
        assert read_service_manager(variables).watchdog_seconds == 60
        assert read_service_manager(variables | {"WATCHDOG_PID": str(os.getpid())}).watchdog_seconds == 60
        assert read_service_manager(variables | {"WATCHDOG_PID": "1"}).watchdog_seconds is None

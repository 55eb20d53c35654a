"""However it is ended, nothing is left behind: no store, no folder."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE


def stores(folder: Path) -> list[str]:
    """Processes that keep their data below this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (
                str(folder) in str((process / "cwd").readlink())
                or str(folder) in (process / "cmdline").read_text()
            ):
                found.append(process.name)
        except OSError:
            continue
    return found


async def started(tmp_path: Path, *arguments: str) -> asyncio.subprocess.Process:
    (tmp_path / "rules.yaml").write_text(
        "destinations: {chat: {slack: {channel: C1}}}\nroutes: [{name: all, notify: [chat]}]\n"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "TMPDIR": str(tmp_path),
        "GATEWAY_LISTEN": "127.0.0.1:0",
        "GATEWAY_RULES": str(tmp_path / "rules.yaml"),
        "GATEWAY_DATA_DIR": str(tmp_path / "data"),
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", *arguments, cwd=tmp_path, env={**environment, "PYTHONPATH": str(Path.cwd())},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        # A shell has what it runs behind our back ignore Ctrl-C, and so all that this starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


async def store_of(tmp_path: Path) -> None:
    for _ in range(600):
        if list(tmp_path.rglob("store.pid")):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("no store was started")


async def serving(process: asyncio.subprocess.Process) -> None:
    assert process.stderr is not None
    while b"gateway_ready" not in await process.stderr.readline():
        assert process.returncode is None
    await asyncio.sleep(0.2)  # until the listener is there


@pytest.mark.parametrize("command", [["serve"], ["demo"]])
async def test_a_terminated_process_leaves_no_store_and_no_folder_of_the_demo(
    tmp_path: Path, command: list[str]
) -> None:
    process = await started(tmp_path, *command)
    await store_of(tmp_path)
    if command == ["serve"]:
        await serving(process)
    process.send_signal(signal.SIGTERM)
    await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == (0 if command == ["serve"] else 143)
    assert not list(tmp_path.glob("gateway-demo-*"))
    others = [pid for pid in stores(tmp_path) if int(pid) != process.pid]
    assert not others


@pytest.mark.parametrize(("more", "code"), [([], 0), (["--exit"], 130)])
async def test_a_demo_that_a_person_stops_says_so_and_has_not_failed_unless_its_end_was_waited_for(
    tmp_path: Path, more: list[str], code: int
) -> None:
    process = await started(tmp_path, "demo", *more)
    await store_of(tmp_path)
    process.send_signal(signal.SIGINT)
    said, complaints = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert (process.returncode, b"The demo has ended" in said) == (code, code == 0)
    assert b"Traceback" not in complaints
    assert not list(tmp_path.glob("gateway-demo-*"))


async def test_a_process_that_is_terminated_while_it_starts_leaves_no_store(tmp_path: Path) -> None:
    process = await started(tmp_path, "serve")
    await store_of(tmp_path)
    process.send_signal(signal.SIGTERM)
    await asyncio.wait_for(process.communicate(), PATIENCE)
    assert not stores(tmp_path)

"""The embedded store: a real server that outlives a killed gateway, is adopted by the next, and never
doubled.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.errors import StateUnavailable
from gateway.model.changes import Cell, Changes, Query, Table
from gateway.storage.connections import connect
from gateway.storage.embedded import embedded_store
from gateway.storage.embedded_socket import StoreFailed
from gateway.storage.redis import RedisStore

ROOT = Path(__file__).parents[2]
ALERT = Cell(Table.ALERTS, "a1")
HOLDER = """
import asyncio, sys
from pathlib import Path
from gateway.storage.embedded import embedded_store
async def main():
    async with embedded_store(Path(sys.argv[1])) as store:
        print(store.pid, flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""


async def write(url: str, value: bytes) -> None:
    client = connect(url)
    await RedisStore(client).commit(Changes(put={ALERT: value}))
    await client.aclose()


async def read(url: str) -> bytes:
    client = connect(url)
    row = (await RedisStore(client).gather(Query(cells=[ALERT]))).rows[ALERT]
    await client.aclose()
    return row.value


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0]


async def test_what_was_written_is_there_after_a_stop_and_a_start(tmp_path: Path) -> None:
    async with embedded_store(tmp_path) as store:
        await write(store.url, b"kept")
        pid = store.pid
    assert not alive(pid)
    async with embedded_store(tmp_path) as store:
        assert await read(store.url) == b"kept"
        assert not store.adopted


async def test_a_killed_server_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    async with embedded_store(tmp_path) as store:
        await write(store.url, b"kept")
        os.kill(store.pid, signal.SIGKILL)
        await store.watch()
        await store.start()
        assert await read(store.url) == b"kept"


async def test_the_server_of_a_killed_gateway_is_adopted_with_its_data(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT)
    assert holder.stdout is not None
    pid = int(await asyncio.to_thread(holder.stdout.readline))
    with pytest.raises(StoreFailed, match="another gateway is using"):
        async with embedded_store(tmp_path):
            pass
    holder.kill()
    holder.communicate()
    assert alive(pid)
    async with embedded_store(tmp_path) as store:
        assert store.adopted
        assert store.pid == pid
        await write(store.url, b"adopted")
    assert not alive(pid)


async def test_ctrl_c_does_not_reach_the_server(tmp_path: Path) -> None:
    async with embedded_store(tmp_path) as store:
        assert os.getsid(store.pid) != os.getsid(0)


async def test_a_long_path_and_a_strange_one_work(tmp_path: Path) -> None:
    folder = tmp_path / ("long " * 30) / "dàta"
    async with embedded_store(folder) as store:
        await write(store.url, b"kept")
        assert await read(store.url) == b"kept"
    assert folder.stat().st_mode & 0o077 == 0


async def test_a_folder_that_cannot_be_used_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreFailed, match="set GATEWAY_DATA_DIR"):
        async with embedded_store(tmp_path / "file" / "data"):
            pass


async def test_a_full_store_refuses_new_history_and_takes_the_rest(tmp_path: Path) -> None:
    async with embedded_store(tmp_path, maxmemory=1 << 19) as store:
        client = connect(store.url)
        state = RedisStore(client)
        with pytest.raises(StateUnavailable, match="the store is full"):
            await state.commit(Changes(put={ALERT: b"new"}, grows=True))
        assert (await state.commit(Changes(put={ALERT: b"an end"}))).outcome == "done"
        assert (await state.gather(Query(cells=[ALERT]))).rows[ALERT].value == b"an end"
        await client.aclose()

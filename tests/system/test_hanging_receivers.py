"""More receivers of webhooks hang than their kind may have under way: one that is well hears of each incident all the same."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.reconcile.work_under_way import KIND_WIDTH
from gateway.sandbox import PagerDutySandbox, SlackSandbox
from tests.support.processes import GatewayProcess, alert, body, send_until_taken
from tests.support.servers import redis_server
from tests.support.storm import stamp

pytestmark = pytest.mark.long

HANGING = KIND_WIDTH + 6
INCIDENTS = 36
APART = 0.5  # seconds
ONE_TIMEOUT = 15.0  # seconds in which every receiver that hangs was found out
PROMPT = 3.0  # seconds, on a busy machine
NAMES = [f"bad{number}" for number in range(HANGING)] + ["well"]
RULES = f"""
destinations:
{"".join(f"  {name}: {{webhook: {{url: {{env: {name.upper()}_URL}}}}}}" + chr(10) for name in NAMES)}
routes: [{{name: everything, notify: [{", ".join(NAMES)}], group_wait: 0s}}]
correlate: [{{name: one-each, by: [service], window: 1h}}]
"""


@asynccontextmanager
async def receivers(heard: dict[str, float]) -> AsyncIterator[str]:
    """Yield the address under which `/well` answers at once and everything else never."""

    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readline():
            length = 0
            while (line := await reader.readline()).strip():
                length = int(line.split(b":")[1]) if line.lower().startswith(b"content-length") else length
            text = (await reader.readexactly(length)).decode()
            if not head.startswith(b"POST /well"):
                await reader.read()  # until the gateway gives it up
                break
            for name in re.findall(r"Trouble\d+x", text):
                heard.setdefault(name, asyncio.get_running_loop().time())
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(receive, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def test_a_receiver_that_is_well_hears_in_time_whoever_hangs(tmp_path: Path) -> None:
    heard: dict[str, float] = {}
    async with (
        SlackSandbox.start() as slack,
        PagerDutySandbox.start() as pagerduty,
        receivers(heard) as address,
    ):
        with redis_server("valkey") as url:
            more = {f"{name.upper()}_URL": f"{address}/{name}" for name in NAMES}
            gateway = GatewayProcess(tmp_path, slack, pagerduty, url, RULES, more)
            gateway.start()
            sent: dict[str, float] = {}
            try:
                await gateway.ready()
                for number in range(INCIDENTS):
                    name = f"Trouble{number}x"
                    sent[name] = asyncio.get_running_loop().time()
                    firing = body(alert(name, starts=stamp(), severity="critical"))
                    await send_until_taken([gateway.url], firing)
                    await asyncio.sleep(APART)
                async with asyncio.timeout(ONE_TIMEOUT):
                    while len(heard) < INCIDENTS:
                        await asyncio.sleep(0.1)
            finally:
                gateway.kill()
    late = [heard[name] - at for name, at in sent.items()]
    assert max(late) < ONE_TIMEOUT, late
    assert max(late[INCIDENTS * 2 // 3 :]) < PROMPT, late

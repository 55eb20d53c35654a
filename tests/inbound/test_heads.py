"""Before anybody has shown a token: a head that never ends, or is too large, costs next to nothing; a fault of ours is a 500."""

from __future__ import annotations

import asyncio

from gateway.inbound.server import MAX_HEADER_BYTES, make_server
from tests.inbound.test_door import GOOD, Taker, door, post
from tests.support.servers import free_port


class Faulty(Taker):
    async def take(self, *_: object) -> None:  # type: ignore[override]
        raise ValueError("a fault of ours")


async def test_a_fault_of_ours_is_answered_500_which_alertmanager_sends_again() -> None:
    answer = await post(door(Faulty()), {"alerts": [GOOD]})
    assert (answer.status_code, answer.json()["error"]) == (500, "a fault of the gateway: its log says more")


async def test_a_head_that_is_too_large_is_cut_off() -> None:
    port = free_port()
    server = make_server(door(Taker()), "127.0.0.1", port)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /webhooks/alertmanager HTTP/1.1\r\nHost: g\r\n")
    sent = 0
    try:
        while sent < 50 * MAX_HEADER_BYTES:
            writer.write(b"X-Flood: " + b"a" * 8_000 + b"\r\n")
            await writer.drain()
            sent += 8_000
            await asyncio.sleep(0)
        assert await asyncio.wait_for(reader.read(), 5) == b""
    except ConnectionError:
        pass
    writer.close()
    server.should_exit = True
    await serving
    assert sent < 50 * MAX_HEADER_BYTES or reader.at_eof()

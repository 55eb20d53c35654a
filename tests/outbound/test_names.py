"""Names are looked up beside everything else: a name service that hangs takes two threads for a host, and
nothing from another host.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Iterator

import pytest

from gateway.outbound.names import THREADS_PER_HOST, Address, Names
from tests.support.patience import quickly

FOUND: list[Address] = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", 0))]


class Service:
    """A name service that answers nobody for `hang.example` before `release`."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self._answering = threading.Event()

    def __call__(self, host: str) -> list[Address]:
        self.asked[host] += 1
        if host == "hang.example":
            self._answering.wait(30)
        if host == "nobody.example":
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return FOUND

    def release(self) -> None:
        self._answering.set()


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.release()


async def test_a_name_is_found_with_the_port_that_was_asked_for(service: Service) -> None:
    assert await Names(service).look_up("vendor.example", 443) == [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", 443))
    ]


async def test_a_name_that_nobody_has_is_said_to_be_unknown(service: Service) -> None:
    with pytest.raises(socket.gaierror):
        await Names(service).look_up("nobody.example", 443)


@pytest.mark.parametrize("host", ["x" * 64, "a..b", "ä" * 300])
async def test_a_name_that_cannot_be_one_is_unknown_too(host: str) -> None:
    with pytest.raises(OSError):
        await Names().look_up(host, 443)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_an_address_needs_no_name_service(host: str, service: Service) -> None:
    ((*_, place),) = await Names(service).look_up(host, 80)
    assert place[:2] == (host, 80)
    assert not service.asked


async def test_whoever_asks_at_the_same_time_shares_an_answer(service: Service) -> None:
    names = Names(service)
    asking = [asyncio.create_task(names.look_up("hang.example", port)) for port in (80, 443)]
    while not service.asked:
        await asyncio.sleep(0)
    service.release()
    assert [found[0][4][1] for found in await asyncio.gather(*asking)] == [80, 443]
    assert service.asked == {"hang.example": 1}


async def test_whoever_gives_up_takes_the_answer_from_nobody_else(service: Service) -> None:
    names = Names(service)
    one, other = (asyncio.create_task(names.look_up("hang.example", 80)) for _ in range(2))
    while not service.asked:
        await asyncio.sleep(0)
    one.cancel()
    await asyncio.wait([one])
    service.release()
    assert await other


async def test_a_name_service_that_hangs_takes_two_threads_however_often_it_is_asked(
    service: Service,
) -> None:
    names = Names(service, longest=0.01, slow=0.0)
    for _ in range(20):
        with pytest.raises(TimeoutError):
            await names.look_up("hang.example", 80)
    assert service.asked == {"hang.example": THREADS_PER_HOST}


async def test_a_host_that_hangs_takes_nothing_from_another(service: Service) -> None:
    names = Names(service, longest=5.0, slow=0.0)
    waiting = [asyncio.create_task(names.look_up("hang.example", 80)) for _ in range(100)]
    async with quickly(2):
        assert await names.look_up("vendor.example", 443)
    for look_up in waiting:
        look_up.cancel()
    await asyncio.wait(waiting)


async def test_a_second_look_up_answers_where_the_first_is_lost(service: Service) -> None:
    lost = threading.Event()
    asked: list[str] = []

    def first_is_lost(host: str) -> list[Address]:
        asked.append(host)
        if len(asked) == 1:
            lost.wait(30)
        return FOUND

    names = Names(first_is_lost, longest=1.0, slow=0.0)
    first = asyncio.create_task(names.look_up("vendor.example", 443))
    while not asked:
        await asyncio.sleep(0)
    assert await names.look_up("vendor.example", 443)
    first.cancel()
    await asyncio.wait([first])
    lost.set()


async def test_the_threads_of_names_keep_no_process_from_its_end(service: Service) -> None:
    with pytest.raises(TimeoutError):
        await Names(service, longest=0.01).look_up("hang.example", 80)
    assert [thread.daemon for thread in threading.enumerate() if thread.name == "names"] == [True]

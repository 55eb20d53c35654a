from __future__ import annotations

import asyncio
import ctypes
import os
import sys

import pytest

from gateway.runtime import spare_memory
from gateway.runtime.spare_memory import give_back, give_back_spare_memory
from tests.soak.memory import MIB, resident

BLOCK = 8_000  # bytes: too large for Python's own arenas, too small for a mapping of its own


@pytest.mark.skipif(sys.platform != "linux", reason="the memory of a process is read from /proc")
def test_what_a_burst_has_left_is_given_back_though_something_newer_still_lives() -> None:
    burst = [os.urandom(BLOCK) for _ in range(5_000)]
    kept = burst[::100]  # here and there a block lives on, also the last one
    kept.append(burst[-1])
    del burst
    before = resident(os.getpid())
    assert give_back()
    assert before - resident(os.getpid()) > 20 * MIB
    assert kept


def test_a_c_library_that_cannot_do_it_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())
    assert not give_back()


async def test_it_goes_on_until_it_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spare_memory, "EVERY_SECONDS", 0.01)
    work = asyncio.create_task(give_back_spare_memory())
    await asyncio.sleep(0.1)
    assert not work.done()
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)

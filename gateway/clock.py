"""The machine's clocks are read here and nowhere else; everything else takes `now` as an argument."""

from __future__ import annotations

import asyncio
import math
import random
import re
import socket
import time
from datetime import UTC, datetime


def utc_now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - this is the one place


def utc_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def utc_ns() -> int:
    """Nanoseconds since the epoch, by which spans are told."""
    return time.time_ns()


# The first runs on while the machine sleeps; not every system has it.
_ELAPSED_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def elapsed_ms() -> int:
    """Milliseconds since some moment; nobody can set this clock."""
    return time.clock_gettime_ns(_ELAPSED_CLOCK) // 1_000_000


def elapsed_seconds() -> float:
    """Seconds since some moment, to the microsecond, for what takes less than a millisecond."""
    return time.perf_counter()


def worked_seconds() -> float:
    """Seconds for which the processor has worked on this thread: what it waits for, or shares, does not count."""
    return time.thread_time()


# By so many seconds the looks of this process fall beside those of another one on this machine.
_OWN_MOMENT = random.random()
_GOLDEN = 0.618  # parts of a second by which any number of shards are spread evenly over it


def seconds_to_next_look(seconds: float, shard: int = 0) -> float:
    """Return the seconds until the next look at something that is looked at every so many `seconds`.

    All such looks at one shard fall together, by the clock of the event loop: an idle gateway and its
    store then wake up once for all of them. Other shards and other replicas have moments of their own.
    After a look that ends just before such a moment the next one follows within a millisecond. `seconds` are
    over 0.
    """
    now = asyncio.get_running_loop().time() + _OWN_MOMENT + shard * _GOLDEN
    # uvloop counts whole milliseconds. Where it rounded down, a loop would wake too early, and look again and
    # again until the moment has come.
    return math.ceil((seconds - now % seconds) * 1_000) / 1_000


def machine_name() -> str:
    """The name of this machine, in letters, digits, dots and dashes."""
    return re.sub(r"[^A-Za-z0-9.-]", "", socket.gethostname()) or "machine"

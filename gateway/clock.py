"""The machine's clocks are read here and nowhere else; everything else takes `now` as an argument."""

from __future__ import annotations

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


def machine_name() -> str:
    """The name of this machine, in letters, digits, dots and dashes."""
    return re.sub(r"[^A-Za-z0-9.-]", "", socket.gethostname()) or "machine"

"""What this process uses of its machine."""

from __future__ import annotations

import os
import time
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
STATM = Path("/proc/self/statm")
CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


def resident_bytes() -> int:
    """The memory that this process has; Linux alone says it."""
    return int(STATM.read_text("ascii").split()[1]) * PAGE


def memory_limit() -> int:
    """What the container may use, or else what the machine has, in bytes."""
    try:
        limit = CGROUP_LIMIT.read_text("ascii").strip()
    except OSError:
        limit = "max"
    machine = os.sysconf("SC_PHYS_PAGES") * PAGE
    return machine if limit == "max" else min(int(limit), machine)


class CpuShare:
    """The share of one core between two looks, in per cent: above 100 where threads use several."""

    def __init__(self) -> None:
        self._looked, self._used = time.perf_counter(), time.process_time()

    def percent(self) -> float:
        looked, used = time.perf_counter(), time.process_time()
        passed, worked = looked - self._looked, used - self._used
        self._looked, self._used = looked, used
        return 100 * worked / passed if passed > 0 else 0.0

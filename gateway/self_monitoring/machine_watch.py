"""Look every few seconds how much room the disk of the embedded
store has, and how much memory this process may still use.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.model.store_memory import MIB

LOOK_SECONDS = 10.0
DISK_LOW_SHARE = 0.10  # of the disk, and no more than the next line: a tenth of a large disk is a lot of room
DISK_LOW_BYTES = 1024 * MIB
DISK_FULL_BYTES = 16 * MIB  # less, and the append-only file of the embedded store soon cannot grow
MEMORY_LOW, MEMORY_OUT = 0.90, 0.98  # of what the process may use, before the kernel ends it
# https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files and, for version 1,
# https://docs.kernel.org/admin-guide/cgroup-v1/memory.html: the folder, limit, use, and the cached pages of files
# in it that the kernel takes back by itself.
CGROUPS = (
    (Path("/sys/fs/cgroup"), "memory.max", "memory.current", "inactive_file"),
    (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
# https://man7.org/linux/man-pages/man5/proc_meminfo.5.html
MEMINFO = Path("/proc/meminfo")
KIB = 1 << 10
NO_LIMIT = 1 << 60  # version 1 writes a number near 2⁶³ where there is no limit


@dataclass(frozen=True, slots=True)
class Room:
    """The room on a disk or in memory: what is free of a whole, in bytes."""

    free: int
    whole: int

    @property
    def used_share(self) -> float:
        return 1 - self.free / self.whole if self.whole else 0.0

    def __str__(self) -> str:
        return f"{self.free / MIB:.0f} of {self.whole / MIB:.0f} MiB"


@dataclass(slots=True)
class MachineWatch:
    """The findings of the last look. `data_dir` is None where the store is on a server of its own."""

    data_dir: Path | None
    disk: Room | None = None
    memory: Room | None = None

    async def run(self) -> None:
        """Look again and again until cancelled, in a thread: a disk of the network may take its time."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Look once. What cannot be read is not known, and nobody is worried by it."""
        self.disk = _room_on(self.data_dir) if self.data_dir is not None else None
        self.memory = _memory()

    @property
    def disk_is_low(self) -> bool:
        low = self.disk and min(DISK_LOW_BYTES, int(self.disk.whole * DISK_LOW_SHARE))
        return self.disk is not None and self.disk.free < (low or 0)

    @property
    def disk_is_full(self) -> bool:
        return self.disk is not None and self.disk.free < DISK_FULL_BYTES

    @property
    def memory_is_low(self) -> bool:
        return self.memory is not None and self.memory.used_share >= MEMORY_LOW

    @property
    def memory_is_out(self) -> bool:
        return self.memory is not None and self.memory.used_share >= MEMORY_OUT

    def worries(self) -> Iterator[str]:
        """Yield a sentence for `/health` about each that is low."""
        if self.disk_is_low:
            yield f"the disk of GATEWAY_DATA_DIR has {self.disk} left: make room, or no webhook can be kept"
        if self.memory_is_low:
            yield f"{self.memory} of memory are left to this process: give it more, or the kernel ends it"


def _room_on(folder: Path) -> Room | None:
    try:
        found = shutil.disk_usage(folder)
    except OSError:
        return None
    return Room(found.free, found.total)


def _memory() -> Room | None:
    """Return what is left to the container that this process runs in, or else to the machine."""
    for folder, limit_file, used_file, cached in CGROUPS:
        limit, used = _number(folder / limit_file), _number(folder / used_file)
        if limit is not None and used is not None and limit < NO_LIMIT:
            reclaimed = _fields(folder / "memory.stat", " ").get(cached, 0)
            return Room(max(0, limit - used + reclaimed), limit)
    named = _fields(MEMINFO, ":")
    if not {"MemAvailable", "MemTotal"} <= named.keys():
        return None
    return Room(named["MemAvailable"] * KIB, named["MemTotal"] * KIB)


def _text(file: Path) -> str:
    try:
        return file.read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return ""


def _number(file: Path) -> int | None:
    """Return the number in a file; None where there is none, as `max` says that there is no limit."""
    text = _text(file).strip()
    return int(text) if text.isdigit() else None


def _fields(file: Path, separator: str) -> dict[str, int]:
    """Return the fields of a file with lines such as `MemAvailable:   24102992 kB` or `inactive_file 4096`."""
    pairs = (line.partition(separator)[::2] for line in _text(file).splitlines())
    return {name: int(rest.split()[0]) for name, rest in pairs if rest.split() and rest.split()[0].isdigit()}

"""Give back to the system what a burst has left: the C library keeps
freed blocks for itself, and so the process as large as it once was.
"""

from __future__ import annotations

import asyncio
import ctypes

EVERY_SECONDS = 60.0


async def give_back_spare_memory() -> None:
    """Give it back every minute, until cancelled, in a thread of its own."""
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        await asyncio.to_thread(give_back)


def give_back() -> bool:
    """Return whether anything was given back; False, too, where the C library cannot do that."""
    try:
        # glibc alone has it: https://man7.org/linux/man-pages/man3/malloc_trim.3.html
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return False
    return bool(trim(ctypes.c_size_t(0)))

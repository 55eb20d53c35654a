"""Sort many things without holding the event loop, in which webhooks must be answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from heapq import merge
from typing import TypeVar

AT_ONCE = 5_000  # one sort is one step of the interpreter: in a thread, too, nothing else runs meanwhile

Item = TypeVar("Item")


async def in_order(items: Iterable[Item], key: Callable[[Item], tuple[int, str]]) -> list[Item]:
    listed = list(items)
    if len(listed) <= AT_ONCE:
        return sorted(listed, key=key)
    return await asyncio.to_thread(_merged, listed, key)


def _merged(listed: list[Item], key: Callable[[Item], tuple[int, str]]) -> list[Item]:
    parts = [sorted(listed[first : first + AT_ONCE], key=key) for first in range(0, len(listed), AT_ONCE)]
    return list(merge(*parts, key=key))

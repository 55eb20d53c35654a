"""Who hears of a commit of webhooks, and how they are told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from gateway.model.verdict import Taken

Sink = Callable[[Sequence[Taken], int], None]
BatchCounter = Callable[[str, str], None]


def count_nowhere(what: str, outcome: str) -> None:
    del what, outcome


def tell(listener: Callable[..., None], *told: object) -> None:
    """Have the loop call whoever listens, before those who wait for the commit go on."""
    asyncio.get_running_loop().call_soon(listener, *told)

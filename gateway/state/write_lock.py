"""Intake and plans of one shard write one after the other within a process, since each writes the incidents
that the other has read.

Where both go ahead at once, one of them loses its race and has decided in vain, the dearer the larger the
incidents are. The lock is advisory: other replicas take no part in it, and a commit still
checks what it rests on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum

LONGEST_WAIT_SECONDS = 1.0  # a store that hangs under one writer keeps the others for no longer


class Writer(Enum):
    """The one who asks for the lock."""

    INTAKE = "intake"
    PLAN = "plan"
    PATIENT_PLAN = "patient plan"  # of an incident that only waits for what joins: no person waits for it


PLANS_FIRST = (Writer.PLAN, Writer.PATIENT_PLAN, Writer.INTAKE)
INTAKE_FIRST = (Writer.INTAKE, Writer.PLAN, Writer.PATIENT_PLAN)


class WriteLock:
    """The lock of one shard. It goes from intake to a plan and back; patient plans come after the others."""

    def __init__(self) -> None:
        self._holder: Writer | None = None
        self._waiting: dict[Writer, deque[asyncio.Future[None]]] = {writer: deque() for writer in Writer}

    @asynccontextmanager
    async def taken(self, writer: Writer) -> AsyncIterator[None]:
        """Read, decide and commit in here. After a second's wait this goes on without the lock."""
        has_it = await self._wait(writer)
        try:
            yield
        finally:
            if has_it:
                self._pass_on()

    async def _wait(self, writer: Writer) -> bool:
        """Return whether we have the lock."""
        if self._holder is None:
            self._holder = writer
            return True
        ours = asyncio.get_running_loop().create_future()
        self._waiting[writer].append(ours)
        try:
            async with asyncio.timeout(LONGEST_WAIT_SECONDS):
                await ours
        except TimeoutError:
            return _came(ours)
        except asyncio.CancelledError:
            if _came(ours):
                self._pass_on()
            raise
        return True

    def _pass_on(self) -> None:
        order = PLANS_FIRST if self._holder is Writer.INTAKE else INTAKE_FIRST
        self._holder = None
        for writer in order:
            while self._waiting[writer]:
                next_one = self._waiting[writer].popleft()
                # Whoever has waited for too long, or was cancelled, has gone.
                if not next_one.done():
                    next_one.set_result(None)
                    self._holder = writer
                    return


def _came(ours: asyncio.Future[None]) -> bool:
    """Return whether the lock came in the very moment in which the wait for it ended."""
    return ours.done() and not ours.cancelled()

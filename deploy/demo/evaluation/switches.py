"""Switches that break the service, so that its alerts, and what is told of them, can be seen."""

from __future__ import annotations

import os
import signal
import time
from threading import Lock
from typing import Annotated

import msgspec

MOST_SECONDS = 60
MOST_MIB = 4_096


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the switches stand; what is left out of a change goes off."""

    errors: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0  # this share of the evaluations fails
    latency: Annotated[float, msgspec.Meta(ge=0, le=MOST_SECONDS)] = 0.0  # each takes so many seconds more
    memory: Annotated[int, msgspec.Meta(ge=0, le=MOST_MIB)] = 0  # so many MiB are held
    death: bool = False  # the process is killed as the kernel would


class InjectedFailure(Exception):
    """The switch `errors` has made this evaluation fail."""


class Switches:
    """They are off until `set`; evaluations call `disturb` from several threads."""

    def __init__(self) -> None:
        self.stand = Wanted()
        self._held = b""
        self._lock = Lock()
        self._until_next = 0.0

    @property
    def held_bytes(self) -> int:
        return len(self._held)

    def set(self, wanted: Wanted) -> None:
        """Take them as wanted; death comes by `die`, when whoever asked has an answer."""
        self.stand = wanted
        self._until_next = 0.0
        if wanted.memory << 20 != self.held_bytes:
            self._held = b"\1" * (wanted.memory << 20)  # written, since untouched pages take no memory

    def die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def disturb(self) -> None:
        """Take the extra time. Raises InjectedFailure for exactly the share of calls that is wanted."""
        time.sleep(self.stand.latency)
        with self._lock:
            self._until_next += self.stand.errors
            fails = self._until_next >= 1 - 1e-9
            self._until_next -= fails
        if fails:
            raise InjectedFailure("the switch `errors` is on")

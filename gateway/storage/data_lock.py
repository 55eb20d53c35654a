"""Lock a file of the data directory, so that two gateways or two servers never use the same data."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def free(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        return locked(descriptor)
    finally:
        os.close(descriptor)

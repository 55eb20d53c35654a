"""Choose the path of the embedded store's socket, short enough for the kernel and safe from other users."""

from __future__ import annotations

import os
import stat
import tempfile
from hashlib import sha256
from pathlib import Path

from gateway.errors import BadSettings

# The kernel's sun_path has 108: https://man7.org/linux/man-pages/man7/unix.7.html
MAX_SOCKET_PATH_BYTES = 100


class StoreFailed(BadSettings):
    """The embedded store cannot be started or adopted as it is set; the text says why and what to do."""


def socket_path(data_dir: Path) -> Path:
    """Return a path for the socket in the data directory.

    Where that is too long for a socket, it is one in a folder that is named after the data directory.
    """
    path = data_dir / "store.sock"
    if len(os.fsencode(path)) <= MAX_SOCKET_PATH_BYTES:
        return path
    name = f"gw-{os.getuid()}-{sha256(os.fsencode(data_dir)).hexdigest()[:16]}"
    folder = Path(tempfile.gettempdir()) / name
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) != 0o700 or not stat.S_ISDIR(found.st_mode):
        # Whoever made it could put a socket of their own there, and read and change the state.
        remedy = "remove it, or use a data directory with a shorter path"
        raise StoreFailed(f"{folder} belongs to somebody else: {remedy}")
    return folder / "store.sock"

"""The admin token that `gateway serve` makes where none is set, and its file in the data directory.

Without any token a web page could act on the gateway through the browser of somebody on this machine. The
commands of the same machine read the file by themselves, so that nobody has to set anything.
"""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from secrets import token_hex, token_urlsafe
from typing import NamedTuple

NAME = "admin-token"
TOKEN_BYTES = 32
MOST_BYTES = 1_024
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,200}")


class KeptToken(NamedTuple):
    """The token, and the file that keeps it. `problem` says why it could not be kept; else it is empty."""

    token: str
    path: Path
    problem: str = ""


def keep_admin_token(data_dir: Path) -> KeptToken:
    """Return the token of the file; make one where there is none, or where others could
    have read or written it.

    Where no file can be written, alerts go on being taken and told, and nobody gets to the API.
    """
    path, token = Path(data_dir) / NAME, token_urlsafe(TOKEN_BYTES)
    try:
        path = _path(data_dir)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return KeptToken(_read(path, ours=True) or _written(path, token), path)
    except (OSError, RuntimeError) as error:  # RuntimeError: nobody knows where `~` is
        return KeptToken(token, path, str(error))


def read_admin_token(data_dir: Path) -> str | None:
    """Return the token that a gateway on this machine has kept, None where there is none that we may read."""
    try:
        return _read(_path(data_dir), ours=False)
    except (OSError, RuntimeError):
        return None


def _path(data_dir: Path) -> Path:
    return data_dir.expanduser().absolute() / NAME


def _read(path: Path, *, ours: bool) -> str | None:
    """Read the file. `ours`: only where no other user can have read it, or put it there."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError:
        # Somebody's link, or a file of theirs: it is no token of ours, and is replaced.
        if ours:
            return None
        raise
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        private = status.st_uid == os.geteuid() and not status.st_mode & 0o077
        if not stat.S_ISREG(status.st_mode) or (ours and not private):
            return None
        text = file.read(MOST_BYTES).decode("utf-8", "replace").strip()
    return text if _TOKEN.fullmatch(text) else None


def _written(path: Path, token: str) -> str:
    """Write the token, and return it; where another gateway has just written one, return that."""
    new = path.with_name(f".{NAME}-{token_hex(4)}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{token}\n")
            file.flush()
            os.fsync(descriptor)
        try:
            os.link(new, path)
        except FileExistsError:
            if theirs := _read(path, ours=True):
                return theirs
            new.replace(path)
    finally:
        with suppress(FileNotFoundError):
            new.unlink()
    return token

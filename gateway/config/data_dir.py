"""The data directory is its user's alone: alerts, the audit trail and a token are in it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import structlog

log = structlog.get_logger("gateway.settings")

OTHERS = 0o077  # the rights of everybody but the owner
OWN_FOLDERS = ("appendonlydir", "lost+found")  # the store's, and that of a file system that is mounted there


def keep_files_private() -> None:
    """Have everything that this process and its store create be readable by their user alone."""
    os.umask(OTHERS)


def narrow(data_dir: Path) -> None:
    """Take the rights of others to a directory that exists away, and say so in the log.

    One that is not the gateway's alone is left as it is, which the log says too.
    """
    folder = data_dir.expanduser().absolute()
    try:
        found = folder.stat()
    except OSError:
        return  # it is made when something is written there, or it is said then why that cannot be
    mode = stat.S_IMODE(found.st_mode)
    if not mode & OTHERS:
        return
    if shared := _why_shared(folder, mode):
        log.warning("data_dir_open", data_dir=str(folder), mode=f"{mode:o}", error=shared)
        return
    try:
        folder.chmod(mode & ~OTHERS)
    except OSError as error:
        log.warning("data_dir_open", data_dir=str(folder), mode=f"{mode:o}", error=error.strerror)
    else:
        log.warning("data_dir_narrowed", data_dir=str(folder), before=f"{mode:o}", now=f"{mode & ~OTHERS:o}")


def _why_shared(folder: Path, mode: int) -> str:
    """Say why a directory is not the gateway's alone; empty where it is.

    A directory of all users, such as /tmp, must stay theirs, and one that holds folders of others, such as
    /var/lib, must stay open to them: whoever set it meant a folder of its own there.
    """
    if mode & stat.S_ISVTX:
        return "it is shared: set a folder of its own"
    try:
        others = sorted(
            path.name for path in folder.iterdir() if path.is_dir() and path.name not in OWN_FOLDERS
        )
    except OSError:
        return ""  # what cannot be listed can be narrowed, or it is said then why not
    return f"it holds other folders ({others[0]}): set a folder of its own" if others else ""

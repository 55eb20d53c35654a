"""The Lua scripts of the store, read from `scripts/` when this module is imported.

What several scripts need stands once, in `scripts/include/`: a line `-- include: clock` stands for the text
of `clock.lua` there. An included piece may use the names of those that are included above it.
"""

from __future__ import annotations

import re
from pathlib import Path

from gateway.storage.connections import Script

# Every script is given these keys of a shard. The order is that of `scripts/include/keys.lua`.
KEY_NAMES = (
    *("alerts", "past", "copies", "incidents", "keys", "ledgers", "meta"),
    *("agenda", "leases", "counters", "log"),
    *("quarantine", "quarantine_age", "quarantine_seen", "pace", "posts"),
    *("lanes", "heads", "tombstones", "events"),
)
FOLDER = Path(__file__).parent / "scripts"
_INCLUDE_LINE = re.compile(r"^-- include: (\w+)$", re.MULTILINE)
_ALLOW_OOM = "#!lua flags=allow-oom\n"


def include_pieces(text: str, folder: Path) -> str:
    """Return the script with the text of each piece that it includes in the place of the line that names it.

    `folder` has the pieces in `include/`. Raises `FileNotFoundError` where there is no such piece.
    """

    def piece(line: re.Match[str]) -> str:
        return (folder / "include" / f"{line[1]}.lua").read_text("utf-8").rstrip()

    return _INCLUDE_LINE.sub(piece, text)


def assemble(text: str) -> str:
    """Return the script with the pieces that it includes."""
    return include_pieces(text, FOLDER)


def refused_when_full(text: str) -> str:
    """Return the script as one that the server does not run when it is full.

    https://redis.io/docs/latest/develop/programmability/lua-api/#script-flags
    """
    return "#!lua\n" + text.removeprefix(_ALLOW_OOM)


_TEXTS = {path.stem: assemble(path.read_text("utf-8")) for path in FOLDER.glob("*.lua")}
SCRIPTS = {
    **{name: Script(text.encode()) for name, text in _TEXTS.items()},
    "commit_grow": Script(refused_when_full(_TEXTS["commit"]).encode()),
}

"""`make soak`: 20 webhooks a second for half an hour, with kills, and by how much memory grows meanwhile.

`--minutes 5 --keep 1m` is a shorter run; `--write` puts the row into docs/reliability.md.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.soak.report import row, verdict, write
from tests.soak.run import soak

MINUTES = 30.0
KEEP = "5m"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--keep", default=KEEP, help="how long what has ended is kept")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="gw-soak-", ignore_cleanup_errors=True) as folder:
        found = asyncio.run(
            soak(Path(folder), given.minutes, given.keep, lambda line: print(line, flush=True))
        )
    print(row(found, os.getloadavg()[2]))
    print("ends owed:", ", ".join(found.told.owing) or "none")
    print("own alerts that go on:", ", ".join(found.told.standing) or "none")
    if given.write:
        write(found, os.getloadavg()[2])
    return 0 if verdict(found) == "held" else 1


if __name__ == "__main__":
    sys.exit(main())

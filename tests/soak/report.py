"""The row of a soak in docs/reliability.md."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path

from tests.soak.memory import GOAL, Series
from tests.soak.run import Soak
from tests.soak.told import Told

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- soak -->\n", "<!-- end of the soak -->\n"
HEAD = """| minutes | webhooks | kills of a gateway, of the store | lost, doubled, ends owed, residue | own alerts | gateway that is never killed | gateway that is killed, a minute old | store, `used_memory` | append-only file | | when, under what load |
|---|---|---|---|---|---|---|---|---|---|---|
"""


def missed(found: Soak) -> list[str]:
    """Return what a soak misses, in words; nothing where every goal is held."""
    told = found.told
    counted = {
        "lost": told.lost,
        "doubled": told.doubled,
        "ends owed": told.owed,
        "residue": told.residue,
        "own alerts that go on": len(told.standing),
    }
    grown = {one.name: one.slope(found.settled) for one in found.measured}
    return [
        *(f"{number} {what}" for what, number in counted.items() if number),
        *(
            f"the {name} grows by {slope:.0f} KiB a minute, goal {GOAL:g}"
            for name, slope in grown.items()
            if slope > GOAL
        ),
    ]


def verdict(found: Soak) -> str:
    return f"**missed**: {'; '.join(missed(found))}" if missed(found) else "held"


def row(found: Soak, load: float) -> str:
    sizes = [point.size for point in found.aof.points]
    aof = f"at most {max(sizes, default=0) / 2**20:.0f} MiB, rewritten {found.rewrites} times"
    cells = [
        f"{found.minutes:g}",
        f"{found.webhooks:,}",
        f"{found.kills}, {found.store_kills}",
        str(found.told),
        own_alerts(found.told),
        *(grown(one, found.settled) for one in found.measured),
        aof,
        verdict(found),
        f"{time.strftime('%Y-%m-%d', time.gmtime())}, {load:.1f} on {os.cpu_count() or 1} cores",
    ]
    return f"| {' | '.join(cells)} |\n"


def own_alerts(told: Told) -> str:
    """How often each of the gateway's own alerts was told, in all places together."""
    return ", ".join(f"{name} {times}" for name, times in sorted(Counter(told.own).items())) or "none"


def grown(series: Series, since: float) -> str:
    return f"{series.mean(since):.1f} MiB, {series.slope(since):+.0f} KiB/min"


def write(found: Soak, load: float, document: Path = DOCUMENT) -> None:
    text = document.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    document.write_text(before + BEGIN + HEAD + row(found, load) + END + after, "utf-8")

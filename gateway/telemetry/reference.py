"""Write `docs/metrics.md` from the catalogue: `python -m gateway.telemetry.reference > docs/metrics.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from gateway.telemetry.catalogue import Described, Lives
from gateway.telemetry.metrics import MAX_DESTINATIONS, MAX_OUTCOMES, MAX_RULES, Metrics
from gateway.telemetry.source_metrics import MAX_SOURCES
from gateway.telemetry.watchdog_metrics import MAX_WATCHDOGS

HOW_TO_WRITE = "python -m gateway.telemetry.reference > docs/metrics.md"

HEAD = f"""# Metrics

`/metrics` has them, as plain text, and as OpenMetrics for a scraper that asks for it. This page is written by
`{HOW_TO_WRITE}`; a test compares it with the code.

**Where a figure lives** says how the series of several replicas are joined. One of the *store* is read there, and every
replica shows the same: `max(rate(x[5m]))`, or `max` of a gauge. One of the *process* is that replica's own share:
`sum(rate(x[5m]))`. A counter of the store has no series before the first look at the store (five seconds after the start),
and goes on over restarts. There are no `_created` series.

**Labels are few.** The first {MAX_DESTINATIONS} destinations, {MAX_RULES} rules, {MAX_SOURCES} sources,
{MAX_WATCHDOGS} watchdogs and {MAX_OUTCOMES} answers of vendors that a process sees have series of their own, all
further ones share `other`. No person, incident, alert name or address is a label.

The unit of what has none is `count`: it counts things.
"""


def document(described: Sequence[Described]) -> str:
    return "\n".join([HEAD, *_section("store", described), *_section("process", described)])


def _section(lives: str, described: Sequence[Described]) -> Iterator[str]:
    yield f"## In the {lives}"
    yield ""
    yield "| metric | type | unit | labels | meaning |"
    yield "|---|---|---|---|---|"
    for metric in sorted(described):
        if metric.lives == Lives(lives):
            labels = ", ".join(f"`{label}`" for label in metric.labels)
            yield f"| `{metric.name}` | {metric.kind} | {metric.unit} | {labels} | {metric.meaning} |"
    yield ""


if __name__ == "__main__":
    sys.stdout.write(document(Metrics().catalogue.described))

"""The document of what is monitored, written from the code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.monitored.excepts import REASONS, clauses
from tests.monitored.parts import PARTS
from tests.monitored.signals import WITHOUT, Group, Item, Signals, everything

HOW_TO_WRITE = "python -m tests.monitored > docs/coverage.md"

HEAD = """# What is monitored

Everything that can happen on the way of an alert, of a request and of the gateway's own work, with what tells of it: a metric, an event of
the log, and the span that the event's line names by `trace_id` and `span_id`. This page is written from the code by
`{command}`: from its enums, from the syntax of every `except`, and from that of every answer of HTTP. A test
compares the two, so that whatever is new has to be here.

**{covered} of {all} have all three: {share:.1f} %.** The walk in [tests/monitored](../tests/monitored) leads a running gateway to each of
them by what happens around it, to faults of ours by breaking a part of it, and sees the series rise, the line written and the span arrive;
of a clause it sees that it was entered.

| without | why |
|---|---|
{without}

An event is in the log while the level lets it through (`gateway log-level debug --for 15m`); its counter `gateway_log_events_total`, the
series below and the attributes of spans do not depend on the level. Spans are of the webhooks, requests and subjects that are in the
[sample](tracing.md).
"""

OTHER_CLAUSES = """## `except` clauses that are on no such way

All clauses of the gateway are told apart by where they stand, what they catch and what they do
([the rule](../tests/monitored/excepts.py)). A clause that the rule does not know fails `make check`. These are on no such way:

| what it is | clauses | why it has not all three |
|---|---|---|"""


def document() -> str:
    return "\n".join([_head(), *_groups(), *_others(), ""])


def _head() -> str:
    found = everything()
    covered = len(found) - len(WITHOUT)
    return HEAD.format(
        command=HOW_TO_WRITE,
        covered=covered,
        all=len(found),
        share=100 * covered / len(found),
        without="\n".join(f"| {item.name} | {why} |" for item, why in WITHOUT.items()),
    )


def _led_by(item: Item) -> str:
    """The part of the walk that leads to an item, the first where there are several."""
    return next((part.name for part in PARTS if item in part.items), "")


def _groups() -> Iterator[str]:
    for group in Group:
        yield f"## {group.value}"
        yield ""
        yield "| what | series | event of the log | span | part of the walk |"
        yield "|---|---|---|---|---|"
        for item, signals in everything().items():
            if item.group is group and item not in WITHOUT:
                yield _row(item, signals)
        yield ""


def _row(item: Item, signals: Signals) -> str:
    where = f", `{signals.field}`" if signals.field else ""
    cells = (item.name, f"`{signals.series}`", f"`{signals.event}`{where}", signals.span, _led_by(item))
    return f"| {' | '.join(cells)} |"


def _others() -> Iterator[str]:
    yield OTHER_CLAUSES
    counts = Counter(clause.sort for clause in clauses())
    for sort, reason in REASONS.items():
        yield f"| {sort.value} | {counts[sort]} | {reason} |"

"""`docs/coverage.md` is what the code says: whatever can happen has a metric, an event and a span, and a part of the walk leads to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from gateway.decisions.accounting.verdict_log import STATUS_NAMES
from gateway.telemetry.metrics import Metrics
from tests.monitored.document import HOW_TO_WRITE, document
from tests.monitored.excepts import Sort, clauses
from tests.monitored.parts import PARTS
from tests.monitored.signals import MOST_WITHOUT, WITHOUT, Group, Item, Signals, everything
from tests.monitored.source import GATEWAY
from tests.support.log_events import log_events

DOCUMENT = Path(__file__).parents[2] / "docs/coverage.md"
LABELS = {metric.name: set(metric.labels) for metric in Metrics().catalogue.described}
LED_TO = {item for part in PARTS for item in part.items}


@cache
def events() -> Mapping[str, set[str]]:
    written = log_events(GATEWAY)
    written["verdicts_changed"] |= {"why", *STATUS_NAMES}  # from an entry of the timeline
    return written


def problems(found: Mapping[Item, Signals]) -> Iterator[str]:
    for item, signals in found.items():
        if item in WITHOUT:
            continue
        if not signals.labels.keys() <= LABELS.get(signals.metric, set()) or signals.metric not in LABELS:
            yield f"{item.name}: there is no metric {signals.series}"
        if signals.event not in events() or (signals.field and signals.field not in events()[signals.event]):
            yield f"{item.name}: no line of the log is {signals.event} {signals.field}"
        if not signals.span:
            yield f"{item.name}: no span"
        if item not in LED_TO:
            yield f"{item.name}: no part of the walk leads to it (tests/monitored/lead_to_*.py)"


def test_the_document_is_what_the_code_says() -> None:
    assert DOCUMENT.read_text("utf-8") == document(), HOW_TO_WRITE


def test_whatever_can_happen_has_a_metric_an_event_and_a_span_and_is_led_to() -> None:
    assert list(problems(everything())) == []


def test_at_most_one_in_a_hundred_goes_without() -> None:
    assert WITHOUT.keys() <= everything().keys(), "what is not there any more needs no reason"
    assert len(WITHOUT) <= MOST_WITHOUT * len(everything())


def test_the_rule_knows_every_clause() -> None:
    unknown = [clause.name for clause in clauses() if clause.sort is Sort.UNSORTED]
    assert unknown == [], "sort them in tests/monitored/excepts.py"


def test_what_is_new_and_has_nothing_that_tells_of_it_is_found() -> None:
    new = Item(Group.REASON, "new")
    told_of_by_nothing = Signals("gateway_observations_total", {"why": "new"}, "never_written")
    assert list(problems({new: told_of_by_nothing})) == [
        'new: there is no metric gateway_observations_total{why="new"}',
        "new: no line of the log is never_written ",
        "new: no span",
        "new: no part of the walk leads to it (tests/monitored/lead_to_*.py)",
    ]

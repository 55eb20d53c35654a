"""`correlate:` is read whole."""

from __future__ import annotations

from pathlib import Path

from gateway.model.durations import MINUTE
from tests.support.rule_files import EVERYTHING, book, write


def test_every_correlate_key_is_read(tmp_path: Path) -> None:
    first, last = book(write(tmp_path, a=EVERYTHING)).correlate
    assert (first.name, first.by, first.window, first.max_alerts) == (
        "same-service",
        ("cluster", "service"),
        90 * MINUTE,
        50,
    )
    assert (first.stop_values, first.max_values) == ({"service": {"", "unknown"}}, {"instance": 200})
    assert (last.by, last.window) == (("...",), None)

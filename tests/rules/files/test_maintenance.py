"""`maintenance:` is read whole, with the matchers of its file's `within`."""

from __future__ import annotations

from pathlib import Path

from gateway.model.durations import HOUR
from tests.support.rule_files import CHAT, book, matchers, write

WORK = """\
within: ['team="dba"']
maintenance:
  - {name: up, match: ['service="db"'], start: 2027-02-01T22:00:00+01:00, end: 2027-02-02T02:00:00+01:00, reason: CHG-1}
"""


def test_maintenance_has_a_match_a_time_and_within(tmp_path: Path) -> None:
    (work,) = book(write(tmp_path, a=CHAT, b=WORK)).maintenance
    assert work.match == matchers('team="dba"', 'service="db"')
    assert (work.start, work.end) == (1_801_515_600_000, 1_801_515_600_000 + 4 * HOUR)
    assert work.reason == "CHG-1"

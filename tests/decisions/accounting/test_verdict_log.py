"""The timeline says why people are told of an incident or not, whenever the counts of the reasons change."""

from __future__ import annotations

import pytest

from gateway.decisions.accounting.verdict_log import MAX_VERDICTS_NAMED, log_verdicts
from gateway.model.incident import StatusCounts
from gateway.model.verdict import MemberStatus, Reason, Verdict
from tests.support.build import START

SILENCED = Verdict(MemberStatus.SUPPRESSED, Reason.SILENCED, "silence s1 by anna", START, "upgrade")
TOLD = Verdict(MemberStatus.TOLD, Reason.DELIVERED, "all (a.yaml:3)")
COUNTS = StatusCounts(members=3, told=1, suppressed=2, reasons={"delivered": 1, "silenced": 2})


def test_an_entry_has_the_counts_the_reasons_and_until_when() -> None:
    (entry,) = log_verdicts("i1", "chat", StatusCounts(), COUNTS, [TOLD, SILENCED, SILENCED])
    assert (entry.subject, entry.what) == ("i1", "verdicts")
    assert entry.detail == {
        "target": "chat",
        "told": 1,
        "suppressed": 2,
        "why": "2 × silenced: silence s1 by anna, upgrade; 1 × delivered: all (a.yaml:3)",
        "until": "2027-01-15T08:00:00Z",
    }


@pytest.mark.parametrize(
    ("before", "entries"),
    [
        pytest.param(COUNTS, 0, id="the same counts are no news"),
        pytest.param(StatusCounts(members=3, told=1, suppressed=2, reasons={"delivered": 1, "muted": 2}), 1, id="another reason is"),
        pytest.param(StatusCounts(members=2, told=1, suppressed=1, reasons={"delivered": 1, "silenced": 1}), 1, id="so is one more"),
    ],
)  # fmt: skip
def test_only_a_change_is_logged(before: StatusCounts, entries: int) -> None:
    assert len(log_verdicts("i1", "chat", before, COUNTS, [TOLD, SILENCED, SILENCED])) == entries


def test_what_is_told_for_good_has_no_time() -> None:
    (entry,) = log_verdicts("i1", "", StatusCounts(), COUNTS, [TOLD])
    assert "until" not in entry.detail
    assert entry.detail["target"] == "", "members that no target sees"


def test_of_many_different_reasons_the_most_frequent_are_named() -> None:
    verdicts = [
        Verdict(MemberStatus.SUPPRESSED, Reason.MUTED, f"route {number}")
        for number in range(MAX_VERDICTS_NAMED + 2)
    ]
    (entry,) = log_verdicts("i1", "chat", StatusCounts(), COUNTS, [SILENCED, *verdicts, SILENCED])
    named = str(entry.detail["why"]).split("; ")
    assert named[0].startswith("2 × silenced")
    assert (len(named), named[-1]) == (MAX_VERDICTS_NAMED + 1, "3 more")

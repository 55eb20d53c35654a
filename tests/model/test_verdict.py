"""Verdicts are counted as often as they stand there, alike in a row or apart."""

from __future__ import annotations

from gateway.model.verdict import Outcome, Reason, Taken, counted_verdicts, in_runs

OPENED = Taken("eu", Outcome.OPENED, Reason.FIRST_FIRING)
REPEATED = Taken("eu", Outcome.REPEATED, Reason.STILL_FIRING)


def test_a_run_ends_with_the_first_that_is_otherwise() -> None:
    seen = [REPEATED, REPEATED, OPENED, REPEATED, REPEATED._replace(event_at=1)]
    assert list(in_runs(seen)) == [
        (REPEATED, 2),
        (OPENED, 1),
        (REPEATED, 1),
        (REPEATED._replace(event_at=1), 1),
    ]


def test_runs_that_are_apart_are_counted_together() -> None:
    seen = [REPEATED, REPEATED, OPENED, REPEATED]
    assert counted_verdicts(seen) == {"repeated": {"still_firing": 3}, "opened": {"first_firing": 1}}

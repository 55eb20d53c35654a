"""Values that word themselves: how often something fired, what keeps it quiet, which step has called."""

from __future__ import annotations

import msgspec

from gateway.model.durations import ordinal, spoken
from gateway.model.instants import moment


class FiringTimes(msgspec.Struct, frozen=True, gc=False):
    """The times at which something fired: what flaps fires several times. In ms.

    `since` is when the newest firing began; `ended_at` is None while it goes on. `fired_for` counts the
    firings that are over.
    """

    first_at: int
    since: int
    ended_at: int | None
    times: int
    fired_for: int

    def how_often(self) -> str:
        """Say `7th time in 6m, firing 3m of them`; empty for what fired once.

        The newest firing is left out while it goes on, so that what was said stays true.
        """
        if self.times < 2:
            return ""
        ended_at = self.since if self.ended_at is None else self.ended_at
        times = f"{ordinal(self.times)} time" if self.ended_at is None else f"{self.times} times"
        return f"{times} in {spoken(ended_at - self.first_at)}, firing {spoken(self.fired_for)} of them"


class Quieted(msgspec.Struct, frozen=True, gc=False):
    """A suppression that keeps news of firing alerts from people, or has kept it: why, and by whom.

    `until` (ms) is None where nobody knows. `part` says of how many it holds (`1 of 2`), empty for all.
    """

    reason: str
    rule: str
    because: str = ""
    until: int | None = None
    part: str = ""

    def named(self) -> str:
        """Say `1 of 2 in silenced: silence s1 by anna, reindexing` to programs, which get `until` beside it."""
        part = f"{self.part} in " if self.part else ""
        because = f", {self.because}" if self.because else ""
        return f"{part}{self.reason}: {self.rule}{because}"

    def said(self, when: str) -> str:
        """Say `silenced until 03:00 — reindexing (silence s1 by anna)`; `when` is its end in words."""
        until = f" until {when}" if self.until is not None else ""
        because = f"{' —' if until else ':'} {self.because}" if self.because else ""
        return f"{self.reason}{until}{because} ({self.rule})"

    def in_words(self, now: int) -> str:
        """Say the same where times are plain text."""
        return self.said("" if self.until is None else moment(self.until, now))


class TakenStep(msgspec.Struct, frozen=True, gc=False):
    """A step of a route's escalation that has brought an incident to somebody, from 1.

    `after` is how long the round had gone on by then (ms), None where nobody knows any more.
    `unless_acknowledged`: nobody had it then.
    """

    route: str
    number: int
    after: int | None
    unless_acknowledged: bool

    def because(self) -> str:
        """Say `nobody had it after 15m`; empty where there is nothing to say beside the step."""
        if self.after is None:
            return ""
        after = f"after {spoken(self.after)}"
        return f"nobody had it {after}" if self.unless_acknowledged else after

    def in_words(self) -> str:
        """Say `step 2 of payments: nobody had it after 15m`."""
        because = self.because()
        return f"step {self.number} of {self.route}{f': {because}' if because else ''}"

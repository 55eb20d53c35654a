"""The policy for the silences that people may make."""

from __future__ import annotations

from dataclasses import dataclass

WEEK = 7 * 24 * 3_600_000  # ms


@dataclass(frozen=True, slots=True)
class SilencePolicy:
    """The limits and duties for silences; times in ms.

    `ticket` is an RE2 pattern that the ticket must match, empty if none is needed. `four_eyes` lets a silence
    cover critical alerts only after a second person has approved it. `warn_share` is the share of the last 7
    days' alerts above which the maker has to confirm. A silence that matched nothing for `unmatched` is
    ended.
    """

    longest: int = WEEK
    reason_required: bool = False
    ticket: str = ""
    four_eyes: bool = False
    warn_share: float = 0.2
    unmatched: int = WEEK

"""What the rules say about the silences that people may make."""

from __future__ import annotations

from dataclasses import dataclass

WEEK = 7 * 24 * 3_600_000  # ms


@dataclass(frozen=True, slots=True)
class SilencePolicy:
    """What silences people may make. Times in ms; `ticket` is a pattern of RE2, empty where none is asked for."""

    longest: int = WEEK
    reason_required: bool = False
    ticket: str = ""
    four_eyes: bool = False
    warn_share: float = 0.2
    unmatched: int = WEEK

"""How one shard's commits count the repeats that are known by their bytes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from gateway.decisions.intake.alert_lookup import AlertLookup
from gateway.decisions.intake.deduplicate import SEEN_STEP
from gateway.decisions.intake.learn import AT_THE_COMMIT, NOT_AS_KNOWN, Learned
from gateway.intake.repeats import Known, Repeat, Repeats, Sighting
from gateway.model.cells import RESERVE, TRUNCATED
from gateway.model.changes import Cell, Changes, Committed, Table
from gateway.model.verdict import Outcome, Reason, Taken

STILL_FIRING = f"seen:{Outcome.REPEATED}:{Reason.STILL_FIRING}"


class KnownRepeats:
    """The memory of all shards, as one shard uses it."""

    def __init__(self, memory: Repeats, shard: int) -> None:
        self._memory = memory
        self._shard = shard
        self._nothing_else: dict[Cell, bytes] | None = None

    def note_what_else_is_written(self, lookup: AlertLookup) -> None:
        """Note whether a commit of repeats alone has anything else to write, as far as was read."""
        nothing = not lookup.truncated.groups and not lookup.reserve_use
        versions = {cell: lookup.versions[cell] for cell in (TRUNCATED, RESERVE)}
        self._nothing_else = versions if nothing else None

    def changes_of_repeats_alone(self) -> Changes | None:
        """Return the changes of a commit that has only repeats, before these are counted.

        None where it may have something else to write: a group was cut short, or a full store has taken
        what is beyond its limit.
        """
        return None if self._nothing_else is None else Changes(expect=dict(self._nothing_else))

    def countable(self, sightings: Sequence[Sighting], now: int) -> Sequence[Sighting]:
        """Return the sightings with observations in the place of the repeats that have to be read."""
        known: dict[str, Known] = {}
        return [
            sighting.observation()
            if isinstance(sighting, Repeat) and not _is_countable(sighting.known, known, now)
            else sighting
            for sighting in sightings
        ]

    def count(self, repeats: Sequence[Repeat], changes: Changes, now: int) -> list[Learned]:
        """Count the repeats, whose rows must be unchanged.

        Return what is known then of those for which is written when their sources spoke.
        """
        renewed = []
        for repeat in repeats:
            known = repeat.known
            changes.expect[Cell(Table.ALERTS, known.alert)] = known.version
            if is_due(known, now):
                changes.renew[known.alert] = known.places
                renewed.append(Learned(repeat.key, known.alert, b"", AT_THE_COMMIT, known.places))
        changes.increment(STILL_FIRING, len(repeats))
        return renewed

    def remember(self, learned: Sequence[Learned], committed: Committed) -> None:
        for what in learned:
            version, said_at = what.version or committed.version, what.said_at or committed.now
            self._memory.remember(
                what.known_by, Known(what.alert, version, said_at, what.places, self._shard)
            )


def _is_countable(known: Known, others: dict[str, Known], now: int) -> bool:
    """Return whether a repeat need not be read; `others` are those before it, by alert."""
    # It is to be written when its source spoke, and nobody knows the place of that.
    if known.places == NOT_AS_KNOWN and is_due(known, now):
        return False
    # Two webhooks know the alert as it was at two times: at most one of them is right.
    return others.setdefault(known.alert, known) == known


def is_due(known: Known, now: int) -> bool:
    """Return whether it is to be written that the alert's source speaks now."""
    return now - known.said_at >= SEEN_STEP


def in_order(sightings: Sequence[Sighting], verdicts: Sequence[Taken]) -> list[Taken]:
    """Return the verdict of each sighting; `verdicts` are those of the observations among them."""
    of_observations = iter(verdicts)
    return [_counted(one.source) if isinstance(one, Repeat) else next(of_observations) for one in sightings]


@lru_cache(maxsize=256)
def _counted(source: str) -> Taken:
    return Taken(source, Outcome.REPEATED, Reason.STILL_FIRING)

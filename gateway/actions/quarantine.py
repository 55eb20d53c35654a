"""Replay the quarantine: read an entry once more, by the rules as they are now.

An end is always taken. A firing is passed over where its source would have repeated it meanwhile: that
something fired long ago says nothing about now, and nobody should be paged for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec
import structlog

from gateway.decisions.intake.normalise import Normaliser
from gateway.errors import BadWebhook
from gateway.intake.listeners import Sink
from gateway.intake.parse_events import parse_events
from gateway.intake.parse_webhook import Parsed, parse
from gateway.model.changes import Changes, LogEntry
from gateway.model.durations import HOUR
from gateway.model.quarantined import MAX_RAW, Quarantined
from gateway.model.rules.source import Source
from gateway.model.verdict import Outcome, Reason, Taken, counted_verdicts
from gateway.ports import Intake
from gateway.state.commit import commit
from gateway.state.shards import Shards

log = structlog.get_logger("gateway.quarantine")

MAX_LISTED = 1_000  # entries: the quarantine holds no more
UNKNOWN_SILENCE = HOUR  # of a source whose repeat_interval nobody knows


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many alerts were taken and how many passed over as too old, or why none could be taken."""

    taken: int = 0
    too_old: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Replayer:
    """Reads entries of the quarantine again.

    `normalisers` returns those in force by source, and the name of the one for sources that are no longer
    there. `taken` is told of the verdicts that intake does not give: of what is too old to say anything.
    """

    shards: Shards
    intake: Intake
    normalisers: Callable[[], tuple[Mapping[str, Normaliser], str]]
    taken: Sink

    async def replay(self, name: str) -> Replayed | None:
        """Read an entry again; None where there is no such entry.

        It leaves the quarantine once nothing in it is bad any more. Raises `StateUnavailable`.
        """
        listed = await self.shards.quarantine(MAX_LISTED)
        found = next(((entry, last_seen) for entry, last_seen, _ in listed if entry.id == name), None)
        if found is None:
            return None
        entry, last_seen = found
        quarantined = msgspec.msgpack.decode(entry.value, type=Quarantined)
        normalisers, shared = self.normalisers()
        # The source may have left the rules since; the ends that it sent are owed to people all the same.
        normaliser = normalisers.get(quarantined.source, normalisers[shared])
        now = await self.shards.home.now()
        parsed = _parsed(quarantined, normaliser, now)
        if isinstance(parsed, str):
            return Replayed(error=parsed)
        stale = now - last_seen > _patience(normaliser.source)
        seen = [observation for observation in parsed.observations if not (stale and observation.firing)]
        # The alerts are taken before the entry goes: after a crash in between, a second
        # replay only repeats them.
        verdicts = [*await self.intake.accept(seen, [])] if seen else []
        too_old = len(parsed.seen) - len(seen)
        changes = Changes(forget=[name])
        # What is passed over counts as received and as ignored, so that the invariants balance.
        changes.increment("received", too_old)
        changes.increment(f"seen:{Outcome.IGNORED}:{Reason.TOO_OLD}", too_old)
        detail: dict[str, str | int] = {"entry": name, "taken": len(seen), "too_old": too_old}
        changes.log.append(LogEntry("", "quarantine_replayed", detail))
        await commit(self.shards.home, changes)
        passed_over = [Taken(quarantined.source, Outcome.IGNORED, Reason.TOO_OLD)] * too_old
        self.taken(passed_over, now)
        log.info("quarantine_replayed", entry=name, verdicts=counted_verdicts((*verdicts, *passed_over)))
        return Replayed(len(seen), too_old)


def _parsed(quarantined: Quarantined, normaliser: Normaliser, now: int) -> Parsed | str:
    """Read the entry; the answer is a sentence where something is still wrong with it."""
    read = parse_events if quarantined.event else parse
    complete = quarantined.whole or quarantined.event
    # A single alert was kept without its webhook, so it gets the smallest envelope that can be parsed.
    body = quarantined.raw if complete else b'{"version":"4","alerts":[' + quarantined.raw + b"]}"
    try:
        parsed = read(body, normaliser, now)
    except BadWebhook as error:
        cut = f"; only its first {MAX_RAW // 1024} KiB were kept" if len(quarantined.raw) >= MAX_RAW else ""
        return f"{error}{cut}"
    # Something in the entry is still bad: nothing is taken, and it can be replayed after the next correction.
    if parsed.quarantined:
        return parsed.quarantined[0].fault
    return parsed


def _patience(source: Source) -> int:
    return UNKNOWN_SILENCE if source.silence is None else source.silence

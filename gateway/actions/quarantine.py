"""Replay: what went to quarantine is read once more, by the rules as they are now.

An end is always taken. That something fired long ago says nothing of now: where its source would have said so again meanwhile,
it is passed over, so that nobody is paged for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from gateway.decisions.intake.normalise import Normaliser
from gateway.errors import BadWebhook
from gateway.intake.parse_events import parse_events
from gateway.intake.parse_webhook import Parsed, parse
from gateway.model.changes import Changes, LogEntry
from gateway.model.durations import HOUR
from gateway.model.quarantined import MAX_RAW, Quarantined
from gateway.model.rules.source import Source
from gateway.model.verdict import Outcome, Reason
from gateway.ports import Intake
from gateway.state.commit import commit
from gateway.state.shards import Shards

LISTED = 1_000  # entries: all there are
UNKNOWN_SILENCE = HOUR  # of a source whose repeat_interval nobody knows


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many alerts were taken, and passed over because they are too old; or why none could be."""

    taken: int = 0
    too_old: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Replayer:
    """`normalisers` answers those in force, by source; `shared` names the one of a source that is no longer there."""

    shards: Shards
    intake: Intake
    normalisers: Callable[[], tuple[Mapping[str, Normaliser], str]]

    async def replay(self, name: str) -> Replayed | None:
        """None where there is no such entry. It leaves the quarantine once nothing in it is bad any more. Raises `StateUnavailable`."""
        found = next((one for one in await self.shards.quarantine(LISTED) if one[0].id == name), None)
        if found is None:
            return None
        quarantined = msgspec.msgpack.decode(found[0].value, type=Quarantined)
        normalisers, shared = self.normalisers()
        normaliser = normalisers.get(quarantined.source, normalisers[shared])
        now = await self.shards.home.now()
        parsed = _parsed(quarantined, normaliser, now)
        if isinstance(parsed, str):
            return Replayed(error=parsed)
        stale = now - found[1] > _patience(normaliser.source)
        seen = [one for one in parsed.seen if not (stale and one.firing)]
        if seen:
            await self.intake.accept(seen, [])
        too_old = len(parsed.seen) - len(seen)
        changes = Changes(forget=[name])
        changes.increment("received", too_old)
        changes.increment(f"seen:{Outcome.IGNORED}:{Reason.TOO_OLD}", too_old)
        changes.log.append(LogEntry("", "quarantine_replayed", {"entry": name, "taken": len(seen), "too_old": too_old}))
        await commit(self.shards.home, changes)
        return Replayed(len(seen), too_old)


def _parsed(quarantined: Quarantined, normaliser: Normaliser, now: int) -> Parsed | str:
    """Or the first thing that is still wrong with it."""
    read = parse_events if quarantined.event else parse
    body = quarantined.raw if quarantined.whole or quarantined.event else b'{"version":"4","alerts":[' + quarantined.raw + b"]}"
    try:
        parsed = read(body, normaliser, now)
    except BadWebhook as error:
        cut = f"; only its first {MAX_RAW // 1024} KiB were kept" if len(quarantined.raw) >= MAX_RAW else ""
        return f"{error}{cut}"
    if parsed.quarantined:
        return parsed.quarantined[0].fault
    return parsed


def _patience(source: Source) -> int:
    return UNKNOWN_SILENCE if source.silence is None else source.silence

"""Account: what has changed in why people are told of an incident or not, for its timeline and the audit trail."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

from gateway.decisions.calendar import NEVER
from gateway.model.changes import LogEntry
from gateway.model.incident import StatusCounts
from gateway.model.instants import written
from gateway.model.verdict import MemberStatus, Verdict

NAMED = 10  # different verdicts in one entry
NAMES = tuple(one.value for one in MemberStatus)
_counts = attrgetter(*NAMES, "reasons")


def log_verdicts(
    incident: str, target: str, before: StatusCounts, now: StatusCounts, verdicts: Iterable[Verdict]
) -> list[LogEntry]:
    """One entry where the counts of any verdict have changed; `target` is empty for members that no target sees."""
    counts = _counts(now)
    if _counts(before) == counts:
        return []
    said: dict[str, str | int] = {"target": target} | {name: count for name, count in zip(NAMES, counts, strict=False) if count}
    found: dict[tuple[str, str, str], int] = {}
    until = NEVER
    for one in verdicts:
        why = (one.reason.value, one.rule, one.because)
        found[why] = found.get(why, 0) + 1
        until = min(until, one.until or NEVER)
    ranked = sorted(found.items(), key=lambda item: -item[1])
    shown = [f"{count} × {_why(*why)}" for why, count in ranked[:NAMED]]
    said["why"] = "; ".join([*shown, f"{len(found) - NAMED} more"] if len(found) > NAMED else shown)
    return [LogEntry(incident, "verdicts", said | ({"until": written(until)} if until < NEVER else {}))]


def _why(reason: str, rule: str, because: str) -> str:
    return ", ".join(part for part in (f"{reason}: {rule}" if rule else reason, because) if part)

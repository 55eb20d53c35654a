"""Account: what has changed in why people are told of an incident or not, for its timeline and the audit trail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from gateway.model.changes import LogEntry
from gateway.model.incident import Standings
from gateway.model.verdict import Standing, Verdict

NAMED = 10  # different verdicts in one entry


def account(incident: str, target: str, before: Standings, now: Standings, verdicts: Iterable[Verdict]) -> list[LogEntry]:
    """One entry where the counts of any verdict have changed; `target` is empty for members that no target sees."""
    if _counts(before) == _counts(now):
        return []
    said: dict[str, str | int] = {"target": target} | {name.value: count for name, count in _counts(now)[0].items() if count}
    found = Counter((one.reason.value, one.rule, one.because) for one in verdicts)
    shown = [f"{count} × {_why(*why)}" for why, count in found.most_common(NAMED)]
    said["why"] = "; ".join([*shown, f"{len(found) - NAMED} more"] if len(found) > NAMED else shown)
    waits = [one.until for one in verdicts if one.until]
    return [LogEntry(incident, "verdicts", said | ({"until": min(waits)} if waits else {}))]


def _counts(standings: Standings) -> tuple[dict[Standing, int], dict[str, int]]:
    return {one: getattr(standings, one.value) for one in Standing}, standings.reasons


def _why(reason: str, rule: str, because: str) -> str:
    return ", ".join(part for part in (f"{reason}: {rule}" if rule else reason, because) if part)

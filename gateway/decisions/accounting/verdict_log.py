"""Log in the timeline and the audit trail why people are, or are not, notified, whenever that changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from operator import attrgetter

from gateway.model.changes import LogEntry
from gateway.model.incident import StatusCounts
from gateway.model.instants import earliest, written
from gateway.model.verdict import MemberStatus, Verdict

VERDICTS = "verdicts"  # the word of these entries
MAX_VERDICTS_NAMED = 10  # in one entry
STATUS_NAMES = tuple(status.value for status in MemberStatus)
_counts = attrgetter(*STATUS_NAMES, "reasons")


def log_verdicts(
    incident: str,
    target: str,
    before: StatusCounts,
    now: StatusCounts,
    verdicts: Iterable[Verdict],
    others: Mapping[str, int] = {},
) -> list[LogEntry]:
    """Return one entry if the counts of any status or reason have changed, else none.

    `target` is empty for the members that no target sees. `others` counts by reason the members that an
    earlier plan has counted, whose verdicts are not among these.
    """
    counts = _counts(now)
    # The same counts again would only bury the entries that say something.
    if _counts(before) == counts:
        return []
    detail: dict[str, str | int] = {"target": target}
    detail |= {name: count for name, count in zip(STATUS_NAMES, counts, strict=False) if count}
    found = Counter([(verdict.reason, verdict.rule, verdict.because, verdict.until) for verdict in verdicts])
    until = earliest(*(until for *_, until in found))
    by_why: Counter[tuple[str, str, str]] = Counter({(name, "", ""): count for name, count in others.items()})
    for (reason, rule, because, _), count in found.items():
        by_why[reason.value, rule, because] += count
    # The most frequent reasons are named, so that a large incident stays one readable line.
    ranked = sorted(by_why.items(), key=lambda item: -item[1])
    shown = [f"{count} × {_why(*why)}" for why, count in ranked[:MAX_VERDICTS_NAMED]]
    if len(by_why) > MAX_VERDICTS_NAMED:
        shown.append(f"{len(by_why) - MAX_VERDICTS_NAMED} more")
    detail["why"] = "; ".join(shown)
    return [LogEntry(incident, VERDICTS, detail if until is None else detail | {"until": written(until)})]


def _why(reason: str, rule: str, because: str) -> str:
    return ", ".join(part for part in (f"{reason}: {rule}" if rule else reason, because) if part)

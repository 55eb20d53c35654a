"""Add up what was turned away, by source and reason, and judge what people should hear of it, how loudly, and
for how long.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.model.counted import counted
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.own_alert import UNKNOWN_SENDERS
from gateway.model.severity import Severity
from gateway.model.truncated_groups import TruncatedGroup
from gateway.model.turned_away import (
    MAX_ERROR,
    Sender,
    SenderCount,
    TurnedAway,
    TurnedAwayReason,
    wording_of,
)

# A sender repeats what it believes delivered only hours later, so a loss is news for longer than a moment.
KNOWN_STANDS_MS = HOUR
# A sender without a token is heard again with the next try of its group, after five minutes by default.
UNKNOWN_STANDS_MS = 15 * MINUTE
# Anybody can send nonsense once: only what goes on is worth an alert. A little less than five minutes, so
# that the second try of a group after Alertmanager's default interval counts.
PATIENCE_MS = 5 * MINUTE - 10 * SECOND
MAX_SENDERS = 10  # of one entry; what further ones sent is counted all the same


@dataclass(slots=True)
class Noted:
    """A count of what one process saw turned away for one source and reason since it last wrote that down."""

    source: str
    reason: TurnedAwayReason
    times: int = 0
    severity: Severity = Severity.NONE
    error: str = ""
    senders: dict[Sender, int] = field(default_factory=dict)

    def add(self, sender: Sender, times: int, severity: Severity, error: str) -> None:
        self.join(Noted(self.source, self.reason, times, severity, error[:MAX_ERROR], {sender: times}))

    def join(self, later: Noted) -> None:
        self.times += later.times
        self.severity = max(self.severity, later.severity)
        self.error = later.error
        for sender, times in later.senders.items():
            if sender in self.senders or len(self.senders) < MAX_SENDERS:
                self.senders[sender] = self.senders.get(sender, 0) + times


class OwnReport(NamedTuple):
    """The labels of `GatewayTurnedAway` and the sentence that it says."""

    labels: dict[str, str]
    details: str


def merged(before: Sequence[TurnedAway], noted: Iterable[Noted], now: int) -> tuple[TurnedAway, ...]:
    """Return the entries with what was noted, without those that are over. `now` is the store's time."""
    entries = {(entry.source, entry.reason): entry for entry in before if stands(entry, now)}
    for news in noted:
        key = (news.source, str(news.reason))
        entries[key] = _added(entries.get(key), news, now)
    return tuple(entries.values())


def stands(entry: TurnedAway, now: int) -> bool:
    return now - entry.last_at < (KNOWN_STANDS_MS if entry.source else UNKNOWN_STANDS_MS)


def reports(entries: Sequence[TurnedAway]) -> list[OwnReport]:
    """Return what is to be reported as own alerts of the entries that stand."""
    known = [entry for entry in entries if entry.source]
    unknown = [entry for entry in entries if not entry.source]
    found = [own_report(entry.source, entry.reason, entry.severity, entry.error) for entry in known]
    if unknown and _goes_on(unknown):
        # Whoever shows no token may be anybody, so all of them are one alert that wakes nobody.
        sent = "; ".join(sentence(entry.source, entry.reason) for entry in unknown)
        labels = {"source": "unknown", "reason": UNKNOWN_SENDERS, "severity": Severity.WARNING.word}
        found.append(OwnReport(labels, f"{sent}; `gateway doctor` says who."))
    return found


def _goes_on(unknown: Sequence[TurnedAway]) -> bool:
    since = min(entry.since for entry in unknown)
    return max(entry.last_at for entry in unknown) - since >= PATIENCE_MS


def own_report(source: str, reason: str, severity: Severity, error: str) -> OwnReport:
    """Report what a known source had turned away: as bad as it says of itself, and at least a warning."""
    labels = {"source": source, "reason": reason, "severity": max(severity, Severity.WARNING).word}
    said = f" ({error})" if error else ""
    return OwnReport(labels, f"{sentence(source, reason)}{said}; {wording_of(reason).remedy}.")


def truncated_entries(groups: Sequence[tuple[str, TruncatedGroup]]) -> list[TurnedAway]:
    """Return an entry for each source whose Alertmanager leaves alerts out; `groups` are `source/group`, each
    as every shard has it.
    """
    # All shards hear of a group, and one that was away may have missed the last of it.
    newest = dict(sorted(groups, key=lambda named: named[1].at))
    by_source: dict[str, list[TruncatedGroup]] = {}
    for name, group in newest.items():
        if not group.over:  # all that anybody knows of it has ended, so there is nothing left to act on
            by_source.setdefault(name.partition("/")[0], []).append(group)
    return [
        TurnedAway(
            source=source,
            reason=TurnedAwayReason.TRUNCATED.value,
            since=min(group.since for group in found),
            last_at=max(group.at for group in found),
            times=sum(group.left_out for group in found),
            # What was left out is unknown, and its incidents say so where people look already.
            severity=Severity.ERROR,
            error=_left_out(found),
        )
        for source, found in by_source.items()
    ]


def sentence(source: str, reason: str) -> str:
    who = f"Source {source}" if source else "Somebody"
    return f"{who} sends {wording_of(reason).what}"


def _left_out(groups: Sequence[TruncatedGroup]) -> str:
    alerts = counted(sum(group.left_out for group in groups), "alert")
    return f"{alerts} of {counted(len(groups), 'group')}"


def _added(before: TurnedAway | None, news: Noted, now: int) -> TurnedAway:
    known_senders = {
        Sender(known.address, known.user_agent): known for known in (before.senders if before else ())
    }
    for sender, times in news.senders.items():
        earlier = known_senders.pop(sender).times if sender in known_senders else 0
        known_senders[sender] = SenderCount(*sender, earlier + times, now)
    return TurnedAway(
        source=news.source,
        reason=news.reason.value,
        since=before.since if before else now,
        last_at=now,
        times=news.times + (before.times if before else 0),
        severity=max(news.severity, before.severity if before else Severity.NONE),
        error=news.error,
        senders=tuple(known_senders.values())[-MAX_SENDERS:],
    )

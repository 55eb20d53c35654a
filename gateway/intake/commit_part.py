"""One commit of webhooks: what goes into it, and everything that it writes besides the alerts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from gateway.decisions.intake.learn import Learned
from gateway.decisions.sources.watchdogs import record_heartbeat
from gateway.intake.repeats import Sighting, without_repeats
from gateway.model.cells import heartbeat_cell
from gateway.model.changes import Changes, QuarantineEntry, Result
from gateway.model.quarantined import OF_SOURCE, Quarantined
from gateway.model.truncated_groups import GroupReport
from gateway.model.verdict import Outcome, Taken


@dataclass(frozen=True, slots=True)
class Part:
    """The content of one commit; `heard` names the watchdogs that got a heartbeat, `groups` is what was said
    of groups as a whole. With a `share`, the store is full: it takes what must be heard, and of each source
    as much as fits into that many bytes beyond its limit.
    """

    seen: Sequence[Sighting]
    quarantined: Sequence[Quarantined] = ()
    heard: Sequence[str] = ()
    groups: Sequence[GroupReport] = ()
    share: int | None = None

    def without_repeats(self) -> Part:
        """Return the part with an observation in the place of each repeat."""
        return replace(self, seen=without_repeats(self.seen))


def joined(parts: Sequence[Part]) -> Part:
    """Return the parts as the content of one commit."""
    if len(parts) == 1:
        return parts[0]
    return Part(
        [observation for part in parts for observation in part.seen],
        [quarantined for part in parts for quarantined in part.quarantined],
        tuple(dict.fromkeys(name for part in parts for name in part.heard)),
        [group for part in parts for group in part.groups],
    )


class Read(NamedTuple):
    """The heartbeats that were read for one commit, and what was decided about its observations.

    `learned` are those that are repeats if they are sent once more as they are.
    """

    heartbeats: Result
    changes: Changes
    verdicts: Sequence[Taken]
    learned: Sequence[Learned] = ()

    def is_complete(self, part: Part) -> bool:
        """Return whether all observations of the part are taken; a full store may take some of them alone."""
        return len(self.verdicts) == len(part.seen)


class Decided(NamedTuple):
    """The verdicts of one commit, whether it puts anything on the agenda, and what will be known by its bytes."""

    verdicts: Sequence[Taken]
    something_due: bool
    learned: Sequence[Learned]


def changes_of(part: Part, read: Read) -> tuple[Changes, Decided]:
    """Decide what one commit writes and the verdicts of what it takes.

    A body that is no webhook at all is kept in quarantine, but is no observation and is not counted as one.
    """
    changes = read.changes
    for name in part.heard:
        record_heartbeat(changes, name, read.heartbeats.rows[heartbeat_cell(name)], read.heartbeats.now)
    # Where the rest is sent again, what is for the quarantine comes again with it, and counts once then.
    quarantined_now = part.quarantined if read.is_complete(part) else ()
    refused = [
        Taken(quarantined.source, Outcome.QUARANTINED, quarantined.reason)
        for quarantined in quarantined_now
        if not quarantined.whole
    ]
    # An inferred observation came with no webhook, so it does not count as received.
    changes.increment("received", sum(not verdict.inferred for verdict in read.verdicts) + len(refused))
    for verdict in refused:
        changes.increment(f"seen:{verdict.outcome}:{verdict.reason}")
    changes.keep = [keep(quarantined) for quarantined in quarantined_now]
    return changes, Decided([*read.verdicts, *refused], changes.wakes, read.learned)


def keep(quarantined: Quarantined) -> QuarantineEntry:
    """Return the quarantine's entry for this. Whatever comes from one source with one fault is one entry.

    Its id ends in the source, in a hash, so that a full quarantine makes room at the cost of
    the source that fills it.
    """
    text = "\xff".join((quarantined.source, quarantined.field, quarantined.error, str(quarantined.whole)))
    name = blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()
    source = blake2b(quarantined.source.encode("utf-8", "replace"), digest_size=4).hexdigest()
    return QuarantineEntry(f"{name}{OF_SOURCE}{source}", msgspec.msgpack.encode(quarantined))

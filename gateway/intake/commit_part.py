"""One commit of webhooks: what goes into it, and everything that it writes besides the alerts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from gateway.decisions.sources.watchdogs import record_heartbeat
from gateway.model.alert import Observation
from gateway.model.cells import heartbeat_cell
from gateway.model.changes import Changes, QuarantineEntry, Result
from gateway.model.quarantined import Quarantined
from gateway.model.truncated_groups import GroupReport
from gateway.model.verdict import Outcome, Taken


@dataclass(frozen=True, slots=True)
class Part:
    """The content of one commit; `heard` names the watchdogs that got a heartbeat, `groups` is what was said
    of groups as a whole.
    """

    seen: Sequence[Observation]
    quarantined: Sequence[Quarantined] = ()
    heard: Sequence[str] = ()
    groups: Sequence[GroupReport] = ()


class Read(NamedTuple):
    """The heartbeats that were read for one commit, and what was decided about its observations."""

    heartbeats: Result
    changes: Changes
    verdicts: Sequence[Taken]


def changes_of(part: Part, read: Read) -> tuple[Changes, list[Taken]]:
    """Decide what one commit writes and the verdicts of what it takes.

    A body that is no webhook at all is kept in quarantine, but is no observation and is not counted as one.
    """
    changes = read.changes
    for name in part.heard:
        record_heartbeat(changes, name, read.heartbeats.rows[heartbeat_cell(name)], read.heartbeats.now)
    refused = [
        Taken(quarantined.source, Outcome.QUARANTINED, quarantined.reason)
        for quarantined in part.quarantined
        if not quarantined.whole
    ]
    # An inferred observation came with no webhook, so it does not count as received.
    changes.increment(
        "received", sum(not observation.inferred_at for observation in part.seen) + len(refused)
    )
    for verdict in refused:
        changes.increment(f"seen:{verdict.outcome}:{verdict.reason}")
    changes.keep = [keep(quarantined) for quarantined in part.quarantined]
    return changes, [*read.verdicts, *refused]


def keep(quarantined: Quarantined) -> QuarantineEntry:
    """Return the quarantine's entry for this. Whatever comes from one source with one fault is one entry."""
    text = "\xff".join((quarantined.source, quarantined.field, quarantined.error, str(quarantined.whole)))
    name = blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()
    return QuarantineEntry(name, msgspec.msgpack.encode(quarantined))

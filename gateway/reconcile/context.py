"""Everything that the handlers of the agenda need: the store, the rules in force, and the destinations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

from gateway.decisions.intake.normalise import Normaliser
from gateway.decisions.policy import Policy
from gateway.model.durations import MINUTE
from gateway.model.lanes import Pace
from gateway.model.rule_generation import RuleGeneration
from gateway.ports import Intake, Notifier, Peers, Report, Secrets, State, Trail, Watcher

log = structlog.get_logger("gateway.reconcile")

# A replica with the newest rules says every 10 seconds that it is there (`ALIVE_INTERVAL` in
# rules/reloader). After six silent intervals it counts as gone, and older rules notify people again.
OUTDATED_PATIENCE = MINUTE


@dataclass(slots=True)
class Context:
    """`notifiers` by kind, `log` among them for destinations without a credential; `trails` are those of the
    kinds that take the audit trail.
    """

    store: State
    policy: Policy
    notifiers: Mapping[str, Notifier]
    secrets: Secrets
    watcher: Watcher
    report: Report
    intake: Intake
    peers: Peers
    trails: Mapping[str, Trail]
    public_url: str = ""
    generation: int = 0  # of the rules in force here; an older one than the store's does not plan
    paces: Mapping[str, Pace] = field(default_factory=dict)  # by destination
    readers: dict[str, Normaliser] = field(default_factory=dict)  # of what peers say, by source
    shard: int = 0
    home: bool = True  # the shard that does what concerns all of them
    elsewhere: tuple[State, ...] = ()  # the other shards; set only on the home shard


def outdated(context: Context, newest: RuleGeneration, now: int) -> bool:
    """Return True while a replica with newer rules is alive.

    If none is, this replica goes on notifying with its older rules, so that nobody is left unwarned.
    """
    alive = newest.seen_at is not None and now - newest.seen_at < OUTDATED_PATIENCE
    return newest.generation > context.generation and alive

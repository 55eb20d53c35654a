"""Everything that the handlers of the agenda need: the store, the rules in force, and the destinations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import structlog

from gateway.decisions.intake.normalise import Normaliser
from gateway.decisions.policy import Policy
from gateway.model.lanes import Pace
from gateway.model.retention import KEEP_ENDED_MS, KEEP_STATISTICS_MS
from gateway.model.rule_generation import RuleGeneration
from gateway.model.rules.rulebook import LabelRules
from gateway.ports import Intake, Notifier, Peers, Report, Secrets, State, Trail, Watcher
from gateway.ports.spans import Spans
from gateway.reconcile.services_seen import SeenServices
from gateway.state.write_lock import WriteLock

log = structlog.get_logger("gateway.reconcile")


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
    docs_url: str = ""  # where people read what to do about our own alerts
    keep_ended: int = KEEP_ENDED_MS  # what has ended is kept for so long
    keep_statistics: int = KEEP_STATISTICS_MS  # the events of the statistics are kept for so long
    generation: int = 0  # of the rules in force here; an older one than the store's does not plan
    paces: Mapping[str, Pace] = field(default_factory=dict)  # by destination
    hanging: set[str] = field(default_factory=set)  # lanes whose vendor gave no answer the last time
    readers: dict[str, Normaliser] = field(default_factory=dict)  # of what peers say, by source
    shard: int = 0
    home: bool = True  # the shard that does what concerns all of them
    elsewhere: tuple[State, ...] = ()  # the other shards; set only on the home shard
    home_store: State | None = None  # the home shard; set only on the others
    write_lock: WriteLock = field(default_factory=WriteLock)  # which plans share with intake
    large: set[str] = field(
        default_factory=set
    )  # incidents whose plan takes long, as far as they were planned here

    # Whether vendors of this kind are read, so that they show which pages they have
    reads: Callable[[str], bool] = lambda _kind: False
    spans: Spans | None = None  # begins spans, where there is tracing
    services: SeenServices = field(default_factory=SeenServices)
    _labels: tuple[LabelRules, LabelRules] | None = field(default=None, repr=False)  # as written, as told

    @property
    def labels(self) -> LabelRules:
        """The rules' words for what is told, with the key by which hidden values are hashed."""
        written, key = self.policy.rules.labels, self.secrets.redact_key
        # Each plan asks several times, and neither changes but with new rules or an emptied store.
        if self._labels is None or self._labels[0] is not written or self._labels[1].redact_key != key:
            self._labels = written, replace(written, redact_key=key)
        return self._labels[1]


def outdated(context: Context, newest: RuleGeneration) -> bool:
    """Return True while the store names newer rules than those in force here.

    The replica that has them plans. Where it goes, the store soon names the rules of one that lives
    (`rules/generations.py`), so that nobody is left unwarned.
    """
    return newest.generation > context.generation

"""Watch the rule files, and swap the rule set as a whole when they change.

While the files have errors, the last good set stays in force. Replicas agree by a generation number in the
store (`generations.py`): the replica that first loads new files announces the next generation, and a replica
with an older generation does not plan (`reconcile.context.outdated`).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from gateway.errors import StateUnavailable
from gateway.model.changes import Table
from gateway.model.ledger import Ledger
from gateway.model.records import load_ledger
from gateway.model.rules.rulebook import Rulebook
from gateway.ports import Archive, Report
from gateway.rules.compiled import CompiledRules, compile_rules
from gateway.rules.files import differences, file_state, load_rules
from gateway.rules.generations import Generations
from gateway.state.credentialed import note_credentialed
from gateway.state.digests import schedule_digests
from gateway.state.paging import pages
from gateway.state.shards import Shards
from gateway.state.statistics import note_settings
from gateway.telemetry.own_work import OWN_WORK

log = structlog.get_logger("gateway.rules")

POLL_SECONDS = 2.0  # between two looks at the files


@dataclass(frozen=True, slots=True)
class Listeners:
    """The callbacks of a reload.

    `use` is called with a new rule set and its generation in each shard, `rejected` with whether the files on
    disk have errors. `report` raises an own alert. `credentialed` returns the kinds of destinations that have
    a credential here, by a rule set. `reloaded` is told what became of each read of changed files: loaded,
    unchanged or rejected.
    """

    use: Callable[[CompiledRules, Sequence[int]], None]
    rejected: Callable[[bool], None]
    report: Report
    credentialed: Callable[[Rulebook], frozenset[str]]
    reloaded: Callable[[str], None]


class RulesReloader:
    """The reloader of one replica.

    It runs on the event loop's thread; only the files are read in another thread.
    """

    def __init__(
        self, path: Path, first: CompiledRules, shards: Shards, listeners: Listeners, clock: Callable[[], int]
    ) -> None:
        self.in_force = first
        self.errors: tuple[str, ...] = ()
        self.places: tuple[str, ...] = ()  # of these errors, without what stands there
        self._path = path
        self._shards = shards
        self._listeners = listeners
        self._clock = clock
        self._seen = file_state(path)
        self._delayed = False
        self.generations = Generations(shards, first.rules.revision, self._use)

    async def announce(self) -> None:
        """Announce the rules in force in every shard, and put them in force. Raises `StateUnavailable`."""
        await self.generations.announce(self.in_force.rules.revision)
        await note_settings(self._shards.home, self.in_force.rules)
        await schedule_digests(self._shards.home, self.in_force.rules)
        self._use()

    def _use(self) -> None:
        self._listeners.use(self.in_force, self.generations.by_shard)

    async def announce_credentials(self, rules: Rulebook) -> frozenset[str]:
        """Note in every shard which kinds of destinations have a credential by these rules.

        Return those that ever had one. Raises `StateUnavailable`.
        """
        return await note_credentialed(self._shards, self._listeners.credentialed(rules))

    async def run(self) -> None:
        """Watch the files until cancelled."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                seen = file_state(self._path)
                if seen != self._seen:
                    await self.reload()
                    # The files count as seen only now: where the store was
                    # away, they are loaded again at the next look.
                    self._seen = seen
                self._delayed = False
            except StateUnavailable as error:
                with OWN_WORK.failed("reload"):
                    if self._delayed:
                        log.debug("reload_delayed", error=str(error))
                    else:
                        # What somebody has changed in the rules is not in force before the store is back.
                        log.warning("reload_delayed", error=str(error))
                self._delayed = True
            if self.errors:
                self._listeners.report("GatewayRulesRejected", {})

    async def reload(self) -> bool:
        """Load the files, and put them in force if they have no errors. Return whether they have none."""
        # A large folder takes a while to read, and webhooks must not wait for it.
        loaded = await asyncio.to_thread(load_rules, self._path, self._clock())
        were_rejected = bool(self.errors)
        self.errors = tuple(str(error) for error in loaded.errors) or self._partition_errors(loaded.rulebook)
        self.places = tuple(dict.fromkeys(str(error.place.origin) for error in loaded.errors))
        self._listeners.rejected(bool(self.errors))
        # Half of a rule set would tell the wrong people: the last good one stays, and an own alert says so.
        if loaded.rulebook is None or self.errors:
            self._listeners.reloaded("rejected")
            log.error("rules_rejected", errors=self.errors[:20], in_force=self.in_force.rules.revision)
            return False
        # Whoever mended the files waits for this line: taking the fault back may leave the rules as they are.
        if were_rejected:
            log.info("rules_repaired", revision=loaded.rulebook.revision)
        changed = loaded.rulebook.revision != self.in_force.rules.revision
        if changed:
            await self._swap(loaded.rulebook)
        self._listeners.reloaded("loaded" if changed else "unchanged")
        return True

    def _partition_errors(self, rules: Rulebook | None) -> tuple[str, ...]:
        """Return the error that refuses other partition labels: they decide where every record is."""
        before = self.in_force.rules.partition_by
        if rules is None or rules.partition_by == before:
            return ()
        return (
            f"partition_by is {list(before)} in the store: stop the gateway and run `gateway migrate` to change it",
        )

    async def _swap(self, rules: Rulebook) -> None:
        """Put the rules in force. If the store goes away in the middle, the next reload does it again."""
        # Where a destination has a credential by the new rules, nothing for its kind goes to the log any
        # more.
        await self.announce_credentials(rules)
        # The store hears of the rules first: from then on no replica plans by older ones.
        await self.generations.announce(rules.revision)
        await note_settings(self._shards.home, rules)
        await schedule_digests(self._shards.home, rules)
        old, self.in_force = self.in_force.rules, compile_rules(rules, self._clock())
        self._use()
        lines = differences(old, rules)
        generations = self.generations.by_shard
        log.warning("rules_reloaded", revision=rules.revision, generations=generations, changes=lines[:50])
        # People who were notified of a firing there still get its end, so its secrets must not go yet.
        gone = old.destinations.keys() - rules.destinations.keys()
        for name, ends in (await owed_ends(self._shards, gone) if gone else {}).items():
            log.warning("ends_owed", destination=name, ends=ends)


async def owed_ends(archive: Archive, destinations: set[str]) -> dict[str, int]:
    """Count, by destination, the members whose firing was notified there and whose end was not yet."""
    owed: Counter[str] = Counter()
    async for rows in pages(archive, Table.LEDGERS):
        for row in rows.values():
            ledger: Ledger = load_ledger(row.value)
            count = sum(ledger.last_notified.members.values())
            if ledger.destination in destinations and count:
                owed[ledger.destination] += count
    return dict(owed)

"""Watch the rule files, and swap the rule set as a whole when they change.

While the files have errors, the last good set stays in force. Replicas agree by a generation number in the
store: the replica that first loads new files announces the next generation, and a replica with an older
generation does not plan (`reconcile.context.outdated`).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from gateway.errors import StateUnavailable
from gateway.model.agenda import NEW_RULES, UNASKED
from gateway.model.cells import RULES
from gateway.model.changes import Changes, Query, Result, Table
from gateway.model.durations import SECOND
from gateway.model.ledger import Ledger
from gateway.model.records import load_ledger
from gateway.model.rule_generation import RuleGeneration, load_rule_generation
from gateway.model.rules.rulebook import Rulebook
from gateway.ports import Archive, Report, State
from gateway.rules.compiled import CompiledRules, compile_rules
from gateway.rules.files import differences, file_state, load_rules
from gateway.state.credentialed import note_credentialed
from gateway.state.paging import pages
from gateway.state.shards import Shards
from gateway.state.transact import transact

log = structlog.get_logger("gateway.rules")

POLL_SECONDS = 2.0  # between two looks at the files
ALIVE_INTERVAL = 10 * SECOND  # how often a replica with the newest rules says in the store that it is there


@dataclass(frozen=True, slots=True)
class Listeners:
    """The callbacks of a reload.

    `use` is called with a new rule set and its generation in each shard, `rejected` with whether the files on
    disk have errors. `report` raises an own alert. `credentialed` returns the kinds of destinations that have
    a credential here, by a rule set.
    """

    use: Callable[[CompiledRules, Sequence[int]], None]
    rejected: Callable[[bool], None]
    report: Report
    credentialed: Callable[[Rulebook], frozenset[str]]


class RulesReloader:
    """The reloader of one replica.

    It runs on the event loop's thread; only the files are read in another thread.
    """

    def __init__(
        self, path: Path, first: CompiledRules, shards: Shards, listeners: Listeners, clock: Callable[[], int]
    ) -> None:
        self.in_force = first
        self.errors: tuple[str, ...] = ()
        self._path = path
        self._shards = shards
        self._listeners = listeners
        self._clock = clock
        self._seen = file_state(path)

    async def announce(self, ours: str) -> tuple[int, ...]:
        """Announce the revision `ours` in every shard, and return its generations.

        Raises `StateUnavailable`.
        """
        return tuple([await _announce(state, ours) for state in self._shards.states])

    async def announce_credentials(self, rules: Rulebook) -> frozenset[str]:
        """Note in every shard which kinds of destinations have a credential by these rules.

        Return those that ever had one. Raises `StateUnavailable`.
        """
        return await note_credentialed(self._shards, self._listeners.credentialed(rules))

    async def run(self) -> None:
        """Watch the files, and say in the store that this replica is there, until cancelled."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                await self._say_alive()
                seen = file_state(self._path)
                if seen != self._seen:
                    await self.reload()
                    # The files count as seen only now: where the store was
                    # away, they are loaded again at the next look.
                    self._seen = seen
            except StateUnavailable as error:
                log.debug("reload_delayed", error=str(error))
            if self.errors:
                self._listeners.report("GatewayRulesRejected", {})

    async def _say_alive(self) -> None:
        """Say in every shard that a replica with the newest rules is there, if this one has them."""
        for state in self._shards.states:
            await transact(
                state, "rules_alive", partial(state.gather, Query(cells=(RULES,))), self._still_newest
            )

    def _still_newest(self, gathered: Result) -> tuple[Changes | None, None]:
        """Return the change that says so, None if another replica did so lately or has newer rules."""
        row = gathered.rows[RULES]
        known = load_rule_generation(row.value)
        # A replica with older rules says nothing: planning is left to those that have the newest.
        lately = known.seen_at is not None and gathered.now - known.seen_at <= ALIVE_INTERVAL
        if known.revision != self.in_force.rules.revision or lately:
            return None, None
        said = known._replace(seen_at=gathered.now)
        return Changes(expect={RULES: row.version}, put={RULES: said.dump()}), None

    async def reload(self) -> bool:
        """Load the files, and put them in force if they have no errors. Return whether they have none."""
        # A large folder takes a while to read, and webhooks must not wait for it.
        loaded = await asyncio.to_thread(load_rules, self._path, self._clock())
        were_rejected = bool(self.errors)
        self.errors = tuple(str(error) for error in loaded.errors) or self._partition_errors(loaded.rulebook)
        self._listeners.rejected(bool(self.errors))
        # Half of a rule set would tell the wrong people: the last good one stays, and an own alert says so.
        if loaded.rulebook is None or self.errors:
            log.error("rules_rejected", errors=self.errors[:20], in_force=self.in_force.rules.revision)
            return False
        # Whoever mended the files waits for this line: taking the fault back may leave the rules as they are.
        if were_rejected:
            log.info("rules_repaired", revision=loaded.rulebook.revision)
        if loaded.rulebook.revision != self.in_force.rules.revision:
            await self._swap(loaded.rulebook)
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
        generations = await self.announce(rules.revision)
        old, self.in_force = self.in_force.rules, compile_rules(rules, self._clock())
        self._listeners.use(self.in_force, generations)
        lines = differences(old, rules)
        log.warning("rules_reloaded", revision=rules.revision, generations=generations, changes=lines[:50])
        # People who were notified of a firing there still get its end, so its secrets must not go yet.
        gone = old.destinations.keys() - rules.destinations.keys()
        for name, ends in (await owed_ends(self._shards, gone) if gone else {}).items():
            log.warning("ends_owed", destination=name, ends=ends)


async def _announce(state: State, ours: str) -> int:
    """Announce the revision `ours` in one shard, and return its generation there.

    A revision that the shard does not have gets the next generation, and all its incidents are planned again.
    """

    def decide(gathered: Result) -> tuple[Changes | None, int]:
        row = gathered.rows[RULES]
        known = load_rule_generation(row.value)
        generation = known.generation if known.revision == ours else known.generation + 1
        rule_generation = RuleGeneration(generation, ours, gathered.now)
        changes = Changes(expect={RULES: row.version}, put={RULES: rule_generation.dump()})
        # Who starts may bring other credentials, and may find dead letters of a version that asked nobody again.
        changes.schedule(UNASKED, gathered.now, 9)
        if generation != known.generation:
            # The same commit puts the sweep on the agenda: after a crash, incidents are still planned anew.
            changes.schedule(NEW_RULES, gathered.now, 0)
        return changes, generation

    return (await transact(state, "rules", partial(state.gather, Query(cells=(RULES,))), decide)).answer


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

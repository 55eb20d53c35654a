"""The rules in force: loaded strictly, watched, swapped whole; the last good set stays when the files have errors.

Replicas agree by a generation in the store: who loads files that nobody has announced yet announces the next one, and a
replica with an older generation does not plan (`reconcile.context.outdated`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from gateway.decisions.admit import plan_subject
from gateway.decisions.correlate import Correlator
from gateway.decisions.normalise import Normaliser
from gateway.decisions.policy import Policy
from gateway.errors import BadRules, StateUnavailable
from gateway.model.changes import Ask, Changes, Fate, Table
from gateway.model.ledger import Ledger
from gateway.model.records import load_incident, load_ledger
from gateway.model.rulebook import SECOND, Rulebook
from gateway.ports import Archive, State
from gateway.reconcile.context import RULES, Announced, Report, load_announced
from gateway.storage.rule_files import differences, fingerprint_files, load_rules

log = structlog.get_logger("gateway.rules")

EVERY = 2.0  # seconds
ALIVE = 10 * SECOND  # how often one of the replicas with the newest rules says that it is there
PAGE = 500


@dataclass(frozen=True, slots=True)
class InForce:
    """One rule set, compiled."""

    rules: Rulebook
    normaliser: Normaliser
    correlator: Correlator
    policy: Policy
    loaded_at: int


def compile_rules(rules: Rulebook, now: int) -> InForce:
    return InForce(rules, Normaliser(rules.labels), Correlator(rules), Policy(rules), now)


def load_or_refuse(path: Path, now: int) -> InForce:
    """Raises `BadRules` with every error; logs the warnings."""
    loaded = load_rules(path, now)
    if loaded.rulebook is None:
        raise BadRules("\n".join(str(one) for one in loaded.errors))
    for one in loaded.findings:
        log.warning("rules_warning", finding=str(one))
    return compile_rules(loaded.rulebook, now)


@dataclass(frozen=True, slots=True)
class Listeners:
    """`use` hears of a new set and its generation, `rejected` whether the files on disk have errors."""

    use: Callable[[InForce, int], None]
    rejected: Callable[[bool], None]
    report: Report


class RulesKeeper:
    """All of it on the loop's thread, reading the files aside."""

    def __init__(self, path: Path, first: InForce, state: State, listeners: Listeners, clock: Callable[[], int]) -> None:
        self.in_force = first
        self.errors: tuple[str, ...] = ()
        self._path = path
        self._state = state
        self._listeners = listeners
        self._clock = clock
        self._replaced: Rulebook | None = None  # the set before, until every open incident is looked at again
        self._seen = fingerprint_files(path)

    async def announce(self, ours: str) -> int:
        """The generation of the revision `ours`: the store's where it has it, else the next. Raises `StateUnavailable`."""
        while True:
            gathered = await self._state.gather(Ask(cells=(RULES,)))
            row = gathered.rows[RULES]
            known = load_announced(row.value)
            generation = known.generation if known.revision == ours else known.generation + 1
            announced = Announced(generation, ours, gathered.now)
            committed = await self._state.commit(Changes(expect={RULES: row.version}, put={RULES: announced.dump()}))
            if committed.fate is Fate.DONE:
                return generation

    async def run(self) -> None:
        """Watch the files and say that we are there, until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self._say_that_we_live()
                seen = fingerprint_files(self._path)
                if seen != self._seen:
                    await self.reload()
                    self._seen = seen
            except StateUnavailable as error:
                log.warning("reload_delayed", error=str(error))
            if self.errors:
                self._listeners.report("GatewayRulesRejected", {})

    async def _say_that_we_live(self) -> None:
        """As long as nobody has newer rules; replicas with older ones leave planning to us."""
        gathered = await self._state.gather(Ask(cells=(RULES,)))
        row = gathered.rows[RULES]
        known = load_announced(row.value)
        if known.revision == self.in_force.rules.revision and gathered.now - known.seen_at > ALIVE:
            said = known._replace(seen_at=gathered.now)
            await self._state.commit(Changes(expect={RULES: row.version}, put={RULES: said.dump()}))

    async def reload(self) -> bool:
        """False where the files have errors."""
        loaded = await asyncio.to_thread(load_rules, self._path, self._clock())
        self.errors = tuple(str(one) for one in loaded.errors)
        self._listeners.rejected(bool(self.errors))
        if loaded.rulebook is None:
            log.error("rules_rejected", errors=self.errors[:20], in_force=self.in_force.rules.revision)
            return False
        if loaded.rulebook.revision != self.in_force.rules.revision or self._replaced is not None:
            await self._swap(loaded.rulebook)
        return True

    async def _swap(self, rules: Rulebook) -> None:
        """What the store interrupts is done by the next reload, which `_replaced` waits for."""
        generation = await self.announce(rules.revision)
        old = self._replaced = self._replaced or self.in_force.rules
        self.in_force = compile_rules(rules, self._clock())
        self._listeners.use(self.in_force, generation)
        owed = await self._look_again(old, rules)
        self._replaced = None
        lines = (
            *differences(old, rules),
            *(f"destination `{name}` still owes {n} ends" for name, n in owed.items()),
        )
        log.warning("rules_reloaded", revision=rules.revision, generation=generation, changes=lines[:50])

    async def _look_again(self, old: Rulebook, new: Rulebook) -> dict[str, int]:
        """Every open incident is planned anew; how many ends destinations that are gone still owe."""
        now = await self._state.now()
        cursor, changes = 0, Changes()
        while True:
            cursor, rows = await self._state.page(Table.INCIDENTS, cursor, PAGE)
            for row in rows.values():
                incident = load_incident(row.value)
                if not incident.resolved_at:
                    changes.look(plan_subject(incident.id), now, 6)
            if changes.agenda:
                await self._state.commit(changes)
                changes = Changes()
            if not cursor:
                break
        gone = old.destinations.keys() - new.destinations.keys()
        return await owed_ends(self._state, gone) if gone else {}


async def owed_ends(archive: Archive, destinations: set[str]) -> dict[str, int]:
    """By destination: how many members were told firing there and not told ended yet."""
    owed: dict[str, int] = {}
    cursor = 0
    while True:
        cursor, rows = await archive.page(Table.LEDGERS, cursor, PAGE)
        for row in rows.values():
            ledger: Ledger = load_ledger(row.value)
            count = sum(ledger.believed.members.values())
            if ledger.destination in destinations and count:
                owed[ledger.destination] = owed.get(ledger.destination, 0) + count
        if not cursor:
            return owed

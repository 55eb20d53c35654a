"""Replicas agree on whose rules plan: the newest that a living replica has, and never two at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from gateway.decisions.rule_holders import GONE_AFTER, OLDER_GONE_AFTER, SIGN_EVERY
from gateway.model.agenda import NEW_RULES
from gateway.model.cells import RULE_HOLDERS, RULES
from gateway.model.changes import Changes, CommitOutcome, Query, Result
from gateway.model.durations import SECOND
from gateway.model.rule_generation import RuleGeneration, load_rule_generation, load_rule_holders
from gateway.rules.generations import Generations
from gateway.state.shards import Shards
from gateway.storage.memory import MemoryStore
from tests.support.build import START


@dataclass
class Fleet:
    """Replicas on one store; `at` is its clock in ms."""

    at: int = START
    replicas: dict[str, Generations] = field(default_factory=dict)
    frozen: set[str] = field(default_factory=set)
    swapped: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = MemoryStore(lambda: self.at)

    async def start(self, rules: str) -> Generations:
        replica = Generations(Shards([self.store]), rules, lambda: self.swapped.append(rules))
        await replica.announce(rules)
        self.replicas[rules] = replica
        return replica

    async def run(self, length: int) -> None:
        """Let all replicas that are not frozen look every second."""
        for _ in range(length // SECOND):
            self.at += SECOND
            for name, replica in self.replicas.items():
                if name not in self.frozen:
                    await replica.look(0)

    async def newest(self) -> RuleGeneration:
        return load_rule_generation((await self.store.gather(Query(cells=(RULES,)))).rows[RULES].value)

    async def may_plan(self, replica: Generations) -> bool:
        done = await self.store.commit(Changes(generation=replica.by_shard[0]))
        return done.outcome is CommitOutcome.DONE

    async def planning(self) -> list[str]:
        return [name for name, replica in self.replicas.items() if await self.may_plan(replica)]


async def test_the_first_rules_are_generation_1_and_the_same_rules_elsewhere_too() -> None:
    fleet = Fleet()
    first = await fleet.start("same")
    second = await fleet.start("same")
    assert (first.by_shard, second.by_shard) == ([1], [1])


async def test_newer_rules_plan_and_older_ones_do_not() -> None:
    fleet = Fleet()
    await fleet.start("older")
    await fleet.start("newer")
    await fleet.run(60 * SECOND)
    assert await fleet.planning() == ["newer"]


async def test_a_replica_that_stops_gives_its_generation_back_at_once() -> None:
    fleet = Fleet()
    await fleet.start("older")
    newer = await fleet.start("newer")
    await fleet.run(10 * SECOND)
    await newer.give_back()
    del fleet.replicas["newer"]
    await fleet.run(SECOND)
    assert await fleet.planning() == ["older"]
    assert NEW_RULES in fleet.store.agenda_at  # everything is planned anew by the rules that count now
    assert fleet.swapped == ["older"]


async def test_a_replica_that_stops_leaves_the_newest_rules_to_another_that_has_them() -> None:
    fleet = Fleet()
    await fleet.start("older")
    await fleet.start("newer")
    stopping = Generations(Shards([fleet.store]), "newer", lambda: None)
    await stopping.announce("newer")
    await fleet.run(10 * SECOND)
    await stopping.give_back()
    await fleet.run(60 * SECOND)
    assert await fleet.planning() == ["newer"]


async def test_the_rules_of_a_replica_that_died_are_dropped_12_seconds_after_its_last_sign() -> None:
    fleet = Fleet()
    await fleet.start("older")
    await fleet.start("newer")
    await fleet.run(9 * SECOND)
    signed = fleet.at
    del fleet.replicas["newer"]
    await fleet.run(signed + GONE_AFTER - fleet.at - SECOND)
    assert (await fleet.newest()).revision == "newer"
    await fleet.run(2 * SECOND)
    assert await fleet.planning() == ["older"]


async def test_a_replica_that_was_taken_for_gone_plans_nothing_before_it_has_announced_again() -> None:
    fleet = Fleet()
    await fleet.start("older")
    newer = await fleet.start("newer")
    fleet.frozen.add("newer")
    await fleet.run(GONE_AFTER + SECOND)
    assert not await fleet.may_plan(newer)
    fleet.frozen.clear()
    await fleet.run(SECOND)
    assert await fleet.planning() == ["newer"]


async def test_of_two_with_older_rules_the_newer_of_them_takes_over() -> None:
    fleet = Fleet()
    for rules in ("oldest", "older", "newer"):
        await fleet.start(rules)
    del fleet.replicas["newer"]
    await fleet.run(30 * SECOND)
    assert await fleet.planning() == ["older"]


async def test_a_replica_of_the_version_before_counts_as_there_for_a_minute_after_its_sign() -> None:
    fleet = Fleet()
    await fleet.start("older")
    await fleet.store.commit(Changes(put={RULES: RuleGeneration(2, "theirs", fleet.at).dump()}))
    await fleet.run(OLDER_GONE_AFTER - SECOND)
    assert await fleet.planning() == []
    await fleet.run(2 * SECOND)
    assert await fleet.planning() == ["older"]


async def test_a_replica_of_the_version_before_holds_rules_that_a_newer_version_died_with() -> None:
    fleet = Fleet()
    await fleet.start("older")
    await fleet.start("newer")
    del fleet.replicas["newer"]
    await fleet.run(10 * SECOND)
    newest = await fleet.newest()
    await fleet.store.commit(Changes(put={RULES: newest._replace(seen_at=fleet.at).dump()}))
    await fleet.run(30 * SECOND)
    assert await fleet.planning() == []


async def test_after_the_store_was_emptied_the_newest_rules_plan_whoever_looks_first() -> None:
    for order in (("older", "newer"), ("newer", "older")):
        fleet = Fleet()
        for rules in ("older", "newer"):
            await fleet.start(rules)
        fleet.replicas = {name: fleet.replicas[name] for name in order}
        await fleet.store.commit(Changes(drop=[RULES, RULE_HOLDERS]))
        await fleet.run(5 * SECOND)
        assert await fleet.planning() == ["newer"]


async def test_a_sign_is_written_every_three_seconds_and_no_more_often() -> None:
    fleet = Fleet()
    await fleet.start("same")
    versions = set()
    for _ in range(30):
        await fleet.run(SECOND)
        versions.add((await fleet.store.gather(Query(cells=(RULES,)))).rows[RULES].version)
    assert len(versions) == 1 + 30 * SECOND // SIGN_EVERY  # the first is the announcement


async def test_replicas_that_died_long_ago_are_forgotten() -> None:
    fleet = Fleet()
    for number in range(5):
        await fleet.start(f"rules-{number}")
    fleet.replicas = {"rules-4": fleet.replicas["rules-4"]}
    await fleet.run(2 * OLDER_GONE_AFTER)
    row = (await fleet.store.gather(Query(cells=(RULE_HOLDERS,)))).rows[RULE_HOLDERS]
    assert len(load_rule_holders(row.value).signs) == 1


class Interleaved(MemoryStore):
    """Everybody who asks gets an answer before anybody can act on it."""

    async def gather(self, ask: Query) -> Result:
        found = await super().gather(ask)
        await asyncio.sleep(0)
        return found


async def announced_at_once(*revisions: str) -> list[int]:
    shards = Shards([Interleaved(lambda: START)])
    replicas = [Generations(shards, revision, lambda: None) for revision in revisions]
    await asyncio.gather(*[replica.announce(replica.revision) for replica in replicas])
    return sorted(replica.by_shard[0] for replica in replicas)


async def test_replicas_that_announce_the_same_at_once_agree() -> None:
    assert await announced_at_once(*["new"] * 5) == [1] * 5


async def test_replicas_that_announce_different_rules_at_once_get_different_generations() -> None:
    assert await announced_at_once(*[f"rules-{number}" for number in range(5)]) == [1, 2, 3, 4, 5]

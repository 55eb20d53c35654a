"""A destination that refuses everything is asked by one of four shards at a time, and what one of them learns is
for all of them.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import msgspec

from gateway.actions.dead_letters import DeadLetterActions
from gateway.decisions.intake.correlate import Correlator
from gateway.decisions.partition import partition_of, shard_of
from gateway.intake.group_commit import GroupCommit
from gateway.intake.sharded import ShardedIntake
from gateway.model.cells import PROBE_TURNS, REFUSALS
from gateway.model.changes import Changes, Table
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.ledger import Ledger
from gateway.model.notification import Refused
from gateway.model.records import dump, load_ledger, load_refusals
from gateway.model.refusals import Refusals
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from gateway.reconcile import Reconciler
from gateway.state.shards import Shards
from gateway.storage.memory import MemoryStore
from tests.support.build import START, rulebook, seen, slack
from tests.support.world import World

OUT = Refused("not_found", "not_in_channel", permanent=True)
REVOKED = Refused("auth", "token_revoked", permanent=True)
CONTENT = Refused("invalid", "invalid_blocks", permanent=True)
RULES = replace(
    rulebook(Route("everything", BUILT_IN, notify=("chat",)), destinations=(slack(),)),
    partition_by=("service",),
)
SHARDS = 4


def names_by_shard(each: int) -> list[list[str]]:
    """Services of every shard."""
    found: list[list[str]] = [[] for _ in range(SHARDS)]
    for number in range(200):
        shard = shard_of(partition_of({"service": f"s{number}"}, ("service",)), SHARDS)
        found[shard] = [*found[shard], f"s{number}"][:each]
    return found


class FourShards(World):
    """The world with three more shards beside its own, which is the home shard."""

    def begin(self, rules: object) -> None:
        super().begin(rules)  # type: ignore[arg-type]
        others = tuple(MemoryStore(lambda: START + self.at) for _ in range(SHARDS - 1))
        self.stores = (self.store, *others)
        context = self.reconciler.context
        contexts = [replace(context, elsewhere=others)]
        contexts += [
            replace(context, store=store, shard=shard, home=False, home_store=self.store)
            for shard, store in enumerate(others, 1)
        ]
        intakes = [
            GroupCommit(store, Correlator(RULES), woken=lambda: None, taken=lambda _verdicts, _now: None)
            for store in self.stores
        ]
        self.spread = ShardedIntake(intakes, context.policy)
        self.reconcilers = [Reconciler(own) for own in contexts]
        self.shards = Shards(self.stores)

    async def settle(self) -> None:
        for reconciler in self.reconcilers:
            await reconciler.run_due()
        if self.watcher.failures:
            raise self.watcher.failures[0][1]

    async def until(self, at: int) -> None:
        """Let time pass, a second at a time."""
        for moment in range(self.at, at, SECOND):
            self.at = moment
            await self.settle()
        self.at = at
        await self.settle()

    @property
    def everywhere(self) -> list[Ledger]:
        return [load_ledger(row.value) for store in self.stores for row in store.rows[Table.LEDGERS].values()]

    def causes(self, shard: int) -> Refusals:
        return load_refusals(self.stores[shard]._row(REFUSALS).value)

    def times(self) -> list[int]:
        """When the channel was called, in seconds after the last of the first four calls."""
        return [(at - self.slack.tried[SHARDS - 1][0]) // SECOND for at, _ in self.slack.tried[SHARDS:]]


async def refused(each: int = 1, answer: Refused = OUT) -> FourShards:
    """Incidents of every shard, all refused by the channel."""
    world = FourShards(RULES)
    world.slack.refuses = answer
    for names in names_by_shard(each):
        await world.webhook(*(seen(service=name) for name in names))
    await world.until(SECOND * 11)
    assert [ledger.dead for ledger in world.everywhere] == [answer.reason] * each * SHARDS
    assert len(world.slack.tried) == SHARDS, "each shard finds out by itself once"
    return world


async def test_four_shards_ask_as_often_as_one_does() -> None:
    world = await refused(each=2)
    await world.until(40 * MINUTE)
    usual = [15, 60, 180, 480, 1080, 1680, 2280]
    assert len(world.times()) == len(usual)
    assert all(abs(at - due) <= 30 for at, due in zip(world.times(), usual, strict=True))


async def test_what_one_shard_learns_frees_the_dead_letters_of_all() -> None:
    world = await refused(each=3, answer=REVOKED)
    world.slack.refuses = None
    await world.until(59 * SECOND)
    assert world.slack.sent == []
    await world.until(2 * MINUTE)
    assert len(world.slack.sent) == 3 * SHARDS
    assert [world.causes(shard).causes for shard in range(SHARDS)] == [{}] * SHARDS
    assert [ledger.dead for ledger in world.everywhere] == [""] * 3 * SHARDS


async def test_a_new_token_is_tried_once_by_all_shards_together() -> None:
    world = await refused(answer=REVOKED)
    world.secrets.values["SLACK_BOT_TOKEN"] = "xoxb-2"
    await world.until(40 * SECOND)
    assert len(world.slack.tried) == SHARDS + 1


async def test_it_is_refused_anew_after_it_worked_and_is_asked_as_the_first_time() -> None:
    world = await refused()
    world.slack.refuses = None
    await world.until(2 * MINUTE)
    assert len(world.slack.sent) == SHARDS
    world.slack.refuses, tried = OUT, len(world.slack.tried)
    for names in names_by_shard(1):
        await world.webhook(seen(service=names[0], at=130_000, pod="another"))
    await world.until(10 * MINUTE)
    # Four refusals, and then one of them asks after 15 s, and after 1, 3 and 8 minutes.
    assert len(world.slack.tried) - tried - SHARDS in (3, 4)


async def test_a_storm_in_all_shards_is_a_handful_of_calls() -> None:
    world = await refused()
    for second in range(12, 120):
        await world.webhook(seen(service=f"n{second}", at=second * SECOND))
        await world.until(second * SECOND)
    await world.until(130 * SECOND)
    # Each shard finds out by itself; then what has just become due asks, no sooner than 15 s after the last.
    asked = [at for at, _ in world.slack.tried[SHARDS - 1 :]]
    assert all(later - earlier >= 15 * SECOND for earlier, later in pairwise(asked))
    assert all(ledger.dead == "not_found" for ledger in world.everywhere)


async def test_a_shard_that_is_killed_while_it_asks_leaves_the_turn_to_the_others() -> None:
    world = await refused()
    shared = load_refusals(world.store._row(PROBE_TURNS).value)
    (cause,) = shared.causes
    lost = msgspec.structs.replace(shared.causes[cause], probe="17", tried_at=START + world.at)
    await world.store.commit(Changes(put={PROBE_TURNS: dump(Refusals({cause: lost}))}))
    world.slack.refuses = None
    await world.until(world.at + 2 * MINUTE - 10 * SECOND)
    assert world.slack.sent == []
    await world.until(world.at + 30 * SECOND)
    assert len(world.slack.sent) == SHARDS


async def test_a_question_whose_content_is_refused_leaves_the_turn_to_another_at_once() -> None:
    world = await refused()
    world.slack.answers = [CONTENT]
    world.slack.refuses = None
    await world.until(MINUTE)
    assert len(world.slack.sent) == SHARDS - 1


async def test_a_shard_in_which_nothing_is_owed_any_more_leaves_the_turn_to_the_others() -> None:
    world = await refused()
    first = names_by_shard(1)[0][0]
    await world.webhook(seen(service=first, ends=12_000))
    world.slack.refuses = None
    await world.until(2 * MINUTE)
    assert len(world.slack.sent) == SHARDS - 1


async def test_a_retry_of_all_by_hand_asks_at_once_and_once() -> None:
    world = await refused(answer=REVOKED)
    await world.until(5 * MINUTE)
    tried = len(world.slack.tried)
    await DeadLetterActions(world.shards, lambda: None).retry_all()
    await world.until(world.at + 30 * SECOND)
    assert len(world.slack.tried) == tried + 1
    world.slack.refuses = None
    await DeadLetterActions(world.shards, lambda: None).retry_all()
    await world.until(world.at + 30 * SECOND)
    assert len(world.slack.sent) == SHARDS


async def test_hours_of_asking_in_vain_leave_one_record() -> None:
    world = await refused()
    await world.until(HOUR)
    shared = load_refusals(world.store._row(PROBE_TURNS).value)
    assert [refusal.probe for refusal in shared.causes.values()] == [""]
    assert {refusal.tries for shard in range(SHARDS) for refusal in world.causes(shard).causes.values()} == {
        refusal.tries for refusal in shared.causes.values()
    }

"""Reloading: a good set is taken whole and says what changed, a bad one changes nothing, and replicas agree
which is newest.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.decisions.policy import Policy
from gateway.errors import StateUnavailable
from gateway.model.changes import Changes, Committed, Table
from gateway.model.durations import MINUTE
from gateway.model.ledger import NotifiedState
from gateway.model.rules.rulebook import Rulebook
from gateway.rules import reloader as reload
from gateway.rules.compiled import CompiledRules, load_or_refuse
from gateway.rules.reloader import Listeners, RulesReloader, owed_ends
from gateway.state.shards import Shards
from gateway.storage.memory import MemoryStore
from tests.support.build import START, rulebook, seen
from tests.support.patience import PATIENCE
from tests.support.running_gateway import RULES, Running, Starter
from tests.support.running_gateway import RULES as ONE_PARTITION
from tests.support.world import World

GOOD = """destinations:
  chat:  {slack: {channel: C1}}
  other: {slack: {channel: C2}}
routes:
  - {name: everything, notify: [chat, other], group_wait: 10s}
"""
ONE_ROUTE_MORE = GOOD + "  - {name: more, notify: [chat]}\n"
WITHOUT_OTHER = GOOD.replace("  other: {slack: {channel: C2}}\n", "").replace(", other", "")
BAD = GOOD.replace("notify", "notifi")
LITERAL = "0123456789abcdef0123456789abcdef"


@dataclass
class Replica:
    """A reloader on a file of its own, and everything that it told its listeners."""

    path: Path
    store: MemoryStore
    rules: str = GOOD
    used: list[tuple[Rulebook, int]] = field(default_factory=list)
    rejected: list[bool] = field(default_factory=list)
    reloaded: list[str] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    at: int = START

    def __post_init__(self) -> None:
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_text(self.rules, "utf-8")
        listeners = Listeners(
            self._use, self.rejected.append, self._report, lambda rules: frozenset(), self.reloaded.append
        )
        self.reloader = RulesReloader(
            self.path, load_or_refuse(self.path, START), Shards([self.store]), listeners, lambda: self.at
        )

    def _use(self, found: CompiledRules, generations: Sequence[int]) -> None:
        self.used.append((found.rules, generations[0]))

    def _report(self, name: str, _labels: object) -> None:
        self.reports.append(name)

    async def given(self, rules: str) -> bool:
        self.path.write_text(rules, "utf-8")
        return await self.reloader.reload()

    @property
    def routes(self) -> list[str]:
        return [one.name for one in self.reloader.in_force.rules.routes]


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(lambda: START)


@pytest.fixture
def replica(tmp_path: Path, store: MemoryStore) -> Replica:
    return Replica(tmp_path / "rules.yaml", store)


async def changes_said(replica: Replica, rules: str) -> tuple[str, ...]:
    with capture_logs() as lines:
        assert await replica.given(rules)
    (said,) = [one for one in lines if one["event"] == "rules_reloaded"]
    return tuple(said["changes"])


async def owed_said(replica: Replica, rules: str) -> dict[str, int]:
    with capture_logs() as lines:
        assert await replica.given(rules)
    return {one["destination"]: one["ends"] for one in lines if one["event"] == "ends_owed"}


# A good set


async def test_a_good_change_is_in_force_and_whoever_listens_has_it(replica: Replica) -> None:
    assert await replica.given(ONE_ROUTE_MORE)
    assert replica.routes == ["everything", "more"]
    assert [rules for rules, _ in replica.used] == [replica.reloader.in_force.rules]


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        pytest.param(ONE_ROUTE_MORE, "route `more` added (rules.yaml:6)", id="a route that is added"),
        pytest.param(
            GOOD.replace("10s", "1m"), "route `everything`: group_wait 10s -> 1m", id="a wait that is another"
        ),
        pytest.param(
            GOOD.replace("C2", "C3"), "destination `other`: channel C2 -> C3", id="a channel that is another"
        ),
        pytest.param(
            WITHOUT_OTHER, "destination `other` removed (was rules.yaml:3)", id="a destination that is gone"
        ),
    ],
)
async def test_what_changed_is_said(replica: Replica, rules: str, said: str) -> None:
    changes = await changes_said(replica, rules)
    assert said in [one.replace(f"{replica.path.parent}/", "") for one in changes]


async def test_files_that_mean_the_same_swap_nothing(replica: Replica) -> None:
    assert await replica.given(GOOD)
    assert replica.used == []


@pytest.mark.parametrize("mended", [GOOD, ONE_ROUTE_MORE], ids=["as they were", "with a change"])
async def test_that_rejected_rules_were_repaired_is_said_once(replica: Replica, mended: str) -> None:
    assert not await replica.given(BAD)
    with capture_logs() as lines:
        assert await replica.given(mended)
        assert await replica.given(mended)
    said = [line["revision"] for line in lines if line["event"] == "rules_repaired"]
    assert said == [replica.reloader.in_force.rules.revision]


async def test_a_new_route_is_told_of_what_fires_already(tmp_path: Path) -> None:
    elsewhere = GOOD.replace("notify:", "match: ['service=\"cart\"'], notify:")
    world, replica = reloading_world(tmp_path, elsewhere)
    await world.webhook(seen(service="pay"))
    await world.until(MINUTE)
    assert world.slack.sent == []
    await replica.given(GOOD)
    await world.until(2 * MINUTE)
    assert {one.target: one.state for one in world.slack.sent} == {
        "chat": NotifiedState.FIRING,
        "other": NotifiedState.FIRING,
    }


# A bad set


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param(BAD, id="an unknown key"),
        pytest.param("routes: [", id="no YAML"),
        pytest.param("", id="nothing at all, as a file is while it is written"),
        pytest.param("# soon\n", id="nothing but a remark"),
        pytest.param("\x00\x01", id="no text"),
        pytest.param(GOOD.replace("chat, other", "nobody"), id="an unknown destination"),
    ],
)
async def test_a_bad_set_keeps_the_last_good_one(replica: Replica, rules: str) -> None:
    before = replica.reloader.in_force
    assert not await replica.given(rules)
    assert replica.reloader.in_force is before
    assert replica.used == []


async def test_a_bad_set_is_shown_with_file_line_and_column(replica: Replica) -> None:
    await replica.given(BAD)
    assert replica.rejected == [True]
    assert replica.reloader.errors[0].startswith(
        f"{replica.path}:5:24: unknown key `notifi`; did you mean `notify`?"
    )


async def test_a_good_set_after_a_bad_one_forgets_the_errors(replica: Replica) -> None:
    await replica.given(BAD)
    await replica.given(GOOD)
    assert replica.rejected == [True, False]
    assert replica.reloader.errors == ()


async def test_files_that_are_gone_keep_the_last_good_set(replica: Replica) -> None:
    replica.path.unlink()
    assert not await replica.reloader.reload()
    assert replica.routes == ["everything"]
    assert "there is no such file or folder" in replica.reloader.errors[0]


async def test_a_secret_written_out_is_an_error_that_does_not_repeat_it(replica: Replica) -> None:
    literal = GOOD.replace("{slack: {channel: C2}}", f"{{pagerduty: {{routing_key: {LITERAL}}}}}")
    with capture_logs() as lines:
        assert not await replica.given(literal)
    assert LITERAL not in f"{lines}{replica.reloader.errors}"


# A destination that goes


def reloading_world(tmp_path: Path, rules: str) -> tuple[World, Replica]:
    """A world whose rules come from a file."""
    world = World(rulebook())
    replica = Replica(tmp_path / "rules.yaml", world.store, rules)
    replica.reloader._listeners = Listeners(
        lambda found, generations: world.use(found.rules, generations[0]),
        lambda _: None,
        lambda *_: None,
        lambda _: frozenset(),
        lambda _: None,
    )
    world.use(replica.reloader.in_force.rules)
    return world, replica


async def test_a_destination_that_goes_says_how_many_ends_it_still_owes(tmp_path: Path) -> None:
    world, replica = reloading_world(tmp_path, GOOD)
    await world.webhook(seen(pod="a"), seen(pod="b"), seen("Slow"))
    await world.until(MINUTE)
    assert await owed_said(replica, WITHOUT_OTHER) == {"other": 3}


async def test_ends_that_were_told_are_owed_no_more(tmp_path: Path) -> None:
    world, replica = reloading_world(tmp_path, GOOD)
    await world.webhook(seen(pod="a"), seen(pod="b"))
    await world.until(MINUTE)
    await world.webhook(seen(pod="a", ends=MINUTE), seen(pod="b", ends=MINUTE))
    await world.until(5 * MINUTE)
    assert await owed_said(replica, WITHOUT_OTHER) == {}


async def test_a_destination_that_stays_is_not_said_to_owe(tmp_path: Path) -> None:
    world, replica = reloading_world(tmp_path, GOOD)
    await world.webhook(seen())
    await world.until(MINUTE)
    assert "chat" not in await owed_said(replica, WITHOUT_OTHER)


async def test_a_destination_that_is_gone_is_told_and_owes_nothing_then(tmp_path: Path) -> None:
    world, replica = reloading_world(tmp_path, GOOD)
    await world.webhook(seen())
    await world.until(MINUTE)
    await replica.given(WITHOUT_OTHER)
    await world.until(2 * MINUTE)
    assert [one.state for one in world.slack.sent if one.target == "other"][-1] is not NotifiedState.FIRING
    assert await owed_ends(world.store, {"other"}) == {}


# Replicas


async def test_each_new_set_is_a_generation_of_its_own_an_old_one_that_comes_back_too(
    replica: Replica,
) -> None:
    await replica.reloader.announce()
    for rules in (ONE_ROUTE_MORE, GOOD, ONE_ROUTE_MORE):
        await replica.given(rules)
    assert [generation for _, generation in replica.used] == [1, 2, 3, 4]


async def test_a_replica_that_follows_another_takes_its_generation(
    tmp_path: Path, store: MemoryStore
) -> None:
    leader, follower = (
        Replica(tmp_path / "a" / "rules.yaml", store),
        Replica(tmp_path / "b" / "rules.yaml", store),
    )
    for one in (leader, follower):
        await one.reloader.announce()
    for one in (leader, follower):
        await one.given(ONE_ROUTE_MORE)
    assert [leader.used[-1][1], follower.used[-1][1]] == [2, 2]


# The watch


@asynccontextmanager
async def watched(replica: Replica) -> AsyncIterator[Callable[[Callable[[], object]], Any]]:
    task = asyncio.create_task(replica.reloader.run())

    async def until(condition: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(0)

    try:
        yield until
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reload, "POLL_SECONDS", 0)


@pytest.mark.usefixtures("at_once")
async def test_a_changed_file_is_found_without_being_asked(replica: Replica) -> None:
    async with watched(replica) as until:
        replica.path.write_text(ONE_ROUTE_MORE, "utf-8")
        await until(lambda: replica.routes == ["everything", "more"])


@pytest.mark.usefixtures("at_once")
async def test_a_bad_set_is_an_alert_of_our_own_for_as_long_as_it_is_there(replica: Replica) -> None:
    async with watched(replica) as until:
        replica.path.write_text(BAD, "utf-8")
        await until(lambda: len(replica.reports) > 2)
        assert set(replica.reports) == {"GatewayRulesRejected"}
        replica.path.write_text(ONE_ROUTE_MORE, "utf-8")
        await until(lambda: not replica.reloader.errors)
        said = len(replica.reports)
        await until(lambda: replica.routes == ["everything", "more"])
        assert len(replica.reports) == said


class Away(MemoryStore):
    """Refuses the first commits."""

    away = 3

    async def commit(self, changes: Changes) -> Any:
        if self.away:
            self.away -= 1
            raise StateUnavailable("away")
        return await super().commit(changes)


@pytest.mark.usefixtures("at_once")
async def test_a_change_that_finds_the_store_away_is_taken_when_it_is_back(tmp_path: Path) -> None:
    replica = Replica(tmp_path / "rules.yaml", Away(lambda: START))
    with capture_logs() as lines:
        async with watched(replica) as until:
            replica.path.write_text(ONE_ROUTE_MORE, "utf-8")
            await until(lambda: replica.used)
    assert replica.used[-1][0] is replica.reloader.in_force.rules
    delayed = [line["log_level"] for line in lines if line["event"] == "reload_delayed"]
    assert delayed == ["warning", "debug", "debug"], "who changed the rules is told so once"


class Hiccups(MemoryStore):
    """Away once, for each of what the tests ask."""

    away = 1

    async def page(self, *arguments: object) -> object:  # type: ignore[override]
        self._hiccup()
        return await super().page(*arguments)  # type: ignore[arg-type]

    async def commit(self, changes: Changes) -> Committed:
        self._hiccup()
        return await super().commit(changes)

    def _hiccup(self) -> None:
        if self.away:
            self.away -= 1
            raise StateUnavailable("away")


async def test_a_vendor_that_new_rules_have_a_credential_of_is_known_before_they_are_used(
    tmp_path: Path, store: MemoryStore
) -> None:
    """Else a page by the new rules could go to the log, as if nobody had set the vendor up."""
    rules = tmp_path / "rules.yaml"
    rules.write_text(GOOD)
    known: list[bytes] = []
    listeners = Listeners(
        lambda _new, _generation: known.append(store.rows[Table.META]["credentialed"].value),
        lambda _bad: None,
        lambda *_: None,
        lambda new: frozenset(destination.kind for destination in new.destinations.values()),
        lambda _: None,
    )
    first = load_or_refuse(rules, START)
    reloader = RulesReloader(rules, first, Shards([store]), listeners, lambda: START)
    assert await reloader.announce_credentials(first.rules) == {"slack"}
    rules.write_text(RULES)
    assert await reloader.reload()
    assert known == [b"pagerduty slack"]


async def test_a_reload_that_the_store_interrupts_is_finished_by_the_next_look(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES)
    used: list[Policy] = []
    listeners = Listeners(
        lambda new, _generation: used.append(new.policy),
        lambda _bad: None,
        lambda *_: None,
        lambda _: frozenset(),
        lambda _: None,
    )
    reloader = RulesReloader(
        rules, load_or_refuse(rules, START), Shards([Hiccups(lambda: START)]), listeners, lambda: START
    )
    rules.write_text(RULES.replace("everything", "all"))
    with pytest.raises(StateUnavailable):
        await reloader.reload()
    assert used == []
    assert await reloader.reload()
    assert used[-1] is reloader.in_force.policy
    assert [route.name for route in used[-1].rules.routes] == ["all"]


PARTED = f"partition_by: [tenant]\n{ONE_PARTITION}"


async def started(starter: Starter, shards: int, rules: str = PARTED) -> Running:
    (starter.folder / "rules.yaml").write_text(rules, "utf-8")
    starter.more["GATEWAY_SHARDS"] = str(shards)
    return await starter.start()


async def test_a_reload_that_changes_the_partitions_is_refused(starter: Starter) -> None:
    app = await started(starter, 1)
    (Path(app.folder) / "rules.yaml").write_text(ONE_PARTITION, "utf-8")
    assert not await app.gateway.reloader.reload()
    assert "gateway migrate" in app.gateway.reloader.errors[0]


async def test_each_read_of_changed_files_is_told_with_what_became_of_it(tmp_path: Path) -> None:
    replica = Replica(tmp_path / "rules.yaml", MemoryStore(lambda: START))
    for text in (RULES, RULES, "routes: nonsense"):
        replica.path.write_text(text, "utf-8")
        await replica.reloader.reload()
    assert replica.reloaded == ["loaded", "unchanged", "rejected"]

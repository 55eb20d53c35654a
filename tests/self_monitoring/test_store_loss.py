"""What is remembered of the open incidents, for the day on which somebody empties the store."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.model.changes import Row, Table
from gateway.model.durations import SECOND
from gateway.model.rules.rulebook import LabelRules
from gateway.self_monitoring.store_loss import MAX_TITLES, TOLD_MS, StoreLossWatch
from tests.support.build import seen
from tests.support.world import World


async def nothing() -> None: ...


@dataclass
class Watched:
    """A watch over a store; `slow` is what each page of it takes (ms), by the clock of the watch."""

    world: World = field(default_factory=World)
    at: int = 0
    slow: int = 0
    pages: int = 0

    def __post_init__(self) -> None:
        page = self.world.store.page

        async def paged(
            table: Table, cursor: int, count: int, named: str = "*"
        ) -> tuple[int, dict[str, Row]]:
            self.at += self.slow
            self.pages += 1
            return await page(table, cursor, count, named)

        self.world.store.page = paged  # type: ignore[method-assign]
        self.watch = StoreLossWatch(
            (), self.world.shards, LabelRules, nothing, lambda *_: None, clock=lambda: self.at
        )

    async def looks(self, seconds: int) -> int:
        """Look every five seconds for so long; return how many pages were read."""
        before, ends = self.pages, self.at + seconds * SECOND
        while self.at < ends:
            await self.watch.look()
            self.at += 5 * SECOND
        return self.pages - before


async def test_the_newest_are_remembered_with_their_titles_and_the_others_counted() -> None:
    watched = Watched()
    for number in range(MAX_TITLES + 3):
        watched.world.at += SECOND
        await watched.world.webhook(seen(f"Alert{number}", service=f"s{number}", at=watched.world.at))
    await watched.watch.look()
    known = watched.watch.known
    assert known.number == MAX_TITLES + 3
    assert len(known.titles) == MAX_TITLES
    assert not any("Alert0" in title for title in known.titles)
    assert "and 3 more. What opened after that" in str(known)


async def test_a_loss_before_the_first_look_says_that_nothing_is_known_and_not_that_nothing_was_open() -> (
    None
):
    watched = Watched()
    assert str(watched.watch.known) == "What was open before is not known."
    await watched.watch.look()
    assert str(watched.watch.known).startswith("0 incidents were open at 20")


async def test_the_loss_is_a_worry_for_as_long_as_it_is_told() -> None:
    watched = Watched()
    await watched.watch.look()
    assert watched.watch.worries() == []
    watched.watch._lose()
    await watched.watch.look()
    (worry,) = watched.watch.worries()
    assert worry.startswith("the store was emptied at ")
    watched.at += TOLD_MS
    assert watched.watch.worries() == []


async def test_they_are_read_once_a_minute() -> None:
    watched = Watched()
    assert await watched.looks(10 * 60) == 10


async def test_a_store_that_is_slow_to_read_is_read_less_often() -> None:
    watched = Watched(slow=30 * SECOND)
    assert await watched.looks(60 * 60) <= 6

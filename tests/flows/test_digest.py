"""The weekly digest of a team: made at its moment, posted once, and about rules and pages, never about persons."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.decisions.statistics.digest import digest_of
from gateway.model.changes import Claim, Table
from gateway.model.durations import DAY, HOUR, MINUTE
from gateway.model.notification import Refused, Unanswered
from gateway.model.rules.rulebook import Rulebook
from gateway.model.statistics.settings import DEFAULT_PRECISION, Digest
from gateway.reconcile.context import Context
from gateway.state.digests import schedule_digests
from gateway.state.transact import let_go
from tests.decisions.statistics.build import START as BEGIN
from tests.decisions.statistics.build import Story
from tests.flows.test_silences import rules
from tests.support.world import World

# START is Friday 2027-01-15, 08:00 UTC: the next Monday, 09:00 in Berlin, is three days later.
WEEKLY = Digest("monday 09:00", "Europe/Berlin", {"shop": ("chat",)})
MONDAY = 3 * DAY


def with_digest(digest: Digest | None = WEEKLY) -> Rulebook:
    return replace(rules(), precision=replace(DEFAULT_PRECISION, digest=digest))


async def started(digest: Digest | None = WEEKLY) -> World:
    world = World(with_digest(digest))
    await schedule_digests(world.shards.home, with_digest(digest))
    await world.settle()
    return world


def posts(world: World) -> list[tuple[int, str]]:
    return [
        (sent.at // MINUTE * MINUTE, sent.notification.title)
        for sent in world.slack.sent
        if sent.notification is not None and sent.notification.report
    ]


async def test_it_comes_each_week_at_its_moment_and_not_before_the_first() -> None:
    world = await started()
    assert posts(world) == []
    await world.until(MONDAY - 1)
    assert posts(world) == []
    await world.until(MONDAY + 8 * DAY)
    assert posts(world) == [
        (MONDAY, "Pages of shop last week: 0"),
        (MONDAY + 7 * DAY, "Pages of shop last week: 0"),
    ]
    assert [sent.target for sent in world.slack.sent] == ["chat", "chat"]
    # The ledger of the week before is forgotten.
    assert len(world.store.rows[Table.LEDGERS]) == 1


async def test_teams_have_their_turns_one_after_the_other() -> None:
    world = await started(replace(WEEKLY, to={"shop": ("chat",), "pay": ("chat",)}))
    await world.until(MONDAY + HOUR)
    assert [title.split()[2] for _, title in posts(world)] == ["pay", "shop"]
    tried = [at for at, _ in world.slack.tried]
    assert 10_000 < tried[1] - tried[0] < 20_000


async def test_a_restart_and_another_replica_send_none_again() -> None:
    world = await started()
    await world.until(MONDAY)
    for _ in range(3):
        world.begin(with_digest())
        await schedule_digests(world.shards.home, with_digest())
        await world.until(world.at + HOUR)
    assert len(posts(world)) == 1


async def test_a_post_that_went_unanswered_is_looked_for_and_not_repeated() -> None:
    world = await started()
    world.slack.answers = [Unanswered("timeout")]
    await world.until(MONDAY + HOUR)
    assert len(posts(world)) == 1
    assert world.slack.looked_at


async def test_a_post_that_was_lost_or_refused_is_made_again() -> None:
    world = await started()
    world.slack.answers = [Refused("unavailable"), Unanswered("timeout")]
    world.slack.acts_though_unanswered = False
    await world.until(MONDAY + HOUR)
    assert len(posts(world)) == 1
    assert world.slack.tried[-1][0] > MONDAY


async def test_what_an_older_version_took_off_the_agenda_is_delivered_once_newer_ones_are_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def forgotten(context: Context, claim: Claim) -> bool:
        """Do as a version does that takes a digest for an incident."""
        await let_go(context.store, claim, None)
        return True

    world = await started()
    with monkeypatch.context() as older:
        older.setattr("gateway.reconcile.deliver._deliver_digest", forgotten)
        await world.until(MONDAY + HOUR)
    assert posts(world) == []
    for _ in range(2):
        await schedule_digests(world.shards.home, with_digest())
        await world.settle()
    assert len(posts(world)) == 1


async def failing(world: World) -> int:
    return (await world.shards.counters()).get("failing:chat", 0)


async def refused_for_good() -> World:
    """A world whose first digest is a dead letter."""
    world = await started()
    world.slack.refuses = Refused("invalid", permanent=True)
    await world.until(MONDAY + HOUR)
    assert await failing(world) == 1
    return world


async def test_one_that_is_refused_counts_as_failing_until_the_next_one_takes_its_place() -> None:
    world = await refused_for_good()
    await world.until(MONDAY + 7 * DAY + HOUR)
    assert await failing(world) == 1
    world.slack.refuses = None
    await world.until(MONDAY + 14 * DAY + HOUR)
    assert await failing(world) == 0


async def test_one_that_is_refused_is_forgotten_where_the_rules_send_none_any_more() -> None:
    world = await refused_for_good()
    world.use(with_digest(None))
    await schedule_digests(world.shards.home, with_digest(None))
    await world.until(MONDAY + 8 * DAY)
    assert await failing(world) == 0
    assert not world.store.rows[Table.LEDGERS]


async def test_rules_without_it_end_it_and_rules_that_name_it_again_begin_anew() -> None:
    world = await started()
    world.use(with_digest(None))
    await world.until(MONDAY + DAY)
    world.use(with_digest())
    await schedule_digests(world.shards.home, with_digest())
    await world.until(MONDAY + 2 * DAY)
    assert posts(world) == []
    await world.until(MONDAY + 7 * DAY)
    assert len(posts(world)) == 1


def told(story: Story) -> str:
    text = digest_of(story.history(), "shop", BEGIN + 7 * DAY, "UTC")
    return "\n".join((text.title, *text.sections))


def test_it_says_what_was_worth_it_and_which_rules_were_not() -> None:
    story = Story()
    for number in range(8):
        page = story.page(number * HOUR, f"i{number}", alertname="DiskFull" if number < 5 else "Slow")
        story.call(number * HOUR, page)
        story.end(number * HOUR + 3 * MINUTE, f"i{number}", started_at=BEGIN + number * HOUR)
        value = "actionable" if number == 7 else "noise"
        reason = None if number == 7 else "self-healed" if number < 5 else "wrong owner"
        story.label(number * HOUR + MINUTE, value, page, by="wilhelmina", reason=reason)
    other = story.page(0, "others", team="search", alertname="Foreign")
    story.label(1, "noise", other, by="bob")
    said = told(story)
    assert "Pages of shop last week: 8" in said
    assert "Four weeks: 8 pages of 8 incidents, 8 calls" in said
    assert "Precision 12.5 % (2.0 % to 49.5 %, 8 labelled), target 95.0 %: missed" in said
    assert 'alertname="DiskFull" team="shop": 5 pages, 5 noise of 5 labelled (self-healed 5)' in said
    assert "→ raise `for`" in said
    assert said.index("DiskFull") < said.index("Slow")
    assert 'alertname="Slow" team="shop": 3 pages, 2 noise of 3 labelled (wrong owner 2)' in said
    assert "wrong owner 2), half end within 3m\n" in said  # three pages are too few to advise on
    assert "7 of 8 between 22:00 and 07:00" in said
    assert "Ended before anybody acknowledged: 8 of last week's incidents" in said
    # Nobody is ranked, or named, and no other team is shown.
    assert not any(name in said for name in ("wilhelmina", "bob", "Foreign"))


def test_a_rule_with_both_is_to_be_split_and_plain_noise_is_to_be_shown_only() -> None:
    story = Story()
    for number, value in enumerate(("noise", "noise", "noise", "noise", "actionable")):
        story.label(number + 1, value, story.page(number, f"i{number}", alertname="Mixed"))
    for number in range(5):
        story.label(number + 1, "noise", story.page(number, f"j{number}", alertname="Plain"))
    lines = {line.split('"')[1]: line for line in told(story).splitlines() if line.startswith("•")}
    assert lines["Mixed"].endswith("→ split")
    assert lines["Plain"].endswith("→ notify instead of page")


def test_what_is_somebody_elses_is_to_change_its_owner() -> None:
    story = Story()
    for number in range(5):
        story.label(number + 1, "noise", story.page(number, f"i{number}"), reason="wrong owner")
    assert "5 noise of 5 labelled (wrong owner 5) → change owner" in told(story)


def test_one_page_is_no_reason_to_change_a_rule() -> None:
    story = Story()
    story.label(1, "noise", story.page(0))
    assert "1 page, 1 noise of 1 labelled" in told(story)
    assert "→" not in told(story)


def test_what_ended_by_itself_within_minutes_asks_for_a_longer_for() -> None:
    story = Story()
    for number in range(5):
        story.label(number + 1, "noise", story.page(number, f"i{number}"), trust="self_resolved")
    assert "5 noise of 5 labelled (over by itself 5) → raise `for`" in told(story)


def test_a_change_is_called_one_only_where_chance_does_not_explain_it() -> None:
    story = Story()
    for number in range(40):
        story.label(number - 20 * DAY, "actionable", story.page(number - 30 * DAY, f"a{number}"))
        story.label(number + MINUTE, "noise", story.page(number, f"b{number}"))
    assert "The four weeks before: 100.0 % (worse)" in told(story)
    few = Story()
    for number in range(2):
        few.label(number - 20 * DAY, "actionable", few.page(number - 30 * DAY, f"a{number}"))
        few.label(number + MINUTE, "noise", few.page(number, f"b{number}"))
    assert "(within chance)" in told(few)


def test_a_team_that_was_not_paged_is_told_so() -> None:
    assert told(Story()) == (
        "Pages of shop last week: 0\nFour weeks: 0 pages of 0 incidents, 0 calls\n"
        "Precision is not known: nobody has labelled any of the 0 pages"
    )

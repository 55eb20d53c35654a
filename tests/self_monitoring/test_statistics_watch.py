"""The metrics of the statistics are made by one replica, and every replica shows the same."""

from __future__ import annotations

from gateway.model.changes import Table
from gateway.model.durations import HOUR, MINUTE
from gateway.model.statistics.events import AnyEvent
from gateway.model.statistics.summary import Summary, load_summary
from gateway.self_monitoring.statistics_watch import StatisticsWatch
from gateway.telemetry.metrics import Metrics
from tests.decisions.statistics.build import Story
from tests.reconcile.test_compaction import put, told_by
from tests.support.build import START
from tests.support.world import World


def shown(metrics: Metrics) -> dict[str, float]:
    lines = metrics.render()[0].decode().splitlines()
    pairs = (line.rpartition(" ") for line in lines if line.startswith("gateway_statistics_"))
    return {name.removeprefix("gateway_statistics_"): float(value) for name, _, value in pairs}


def noisy() -> Story:
    story = Story()
    for number in range(14):
        page = story.page(HOUR, f"i{number}", alertname=f"A{min(number, 11):02}")
        story.label(2 * HOUR, "noise" if number else "actionable", page)
    return story


async def test_every_replica_shows_what_one_has_made() -> None:
    world = told_by(noisy(), 1)
    one, other = Metrics(), Metrics()
    await StatisticsWatch(world.shards, one.statistics.show).look()
    # What comes meanwhile waits for the next time: the other replica makes no figures of its own.
    put(world.store, *one_more())
    await StatisticsWatch(world.shards, other.statistics.show).look()
    assert shown(one) == shown(other)
    found = shown(one)
    assert (found['events{what="pages"}'], found['events{what="labelled"}']) == (14, 14)
    assert 0.07 < found['ratio{figure="precision"}'] < 0.08
    assert 'ratio{figure="told_share"}' in found


def one_more() -> list[AnyEvent]:
    story = Story()
    story.page(3 * HOUR, "one more")
    return story.events


async def test_they_are_made_anew_when_they_are_old() -> None:
    world = told_by(noisy(), 1)
    seen: list[Summary] = []
    watch = StatisticsWatch(world.shards, seen.append)
    await watch.look()
    world.at += 5 * MINUTE
    await watch.look()
    world.at += 6 * MINUTE
    put(world.store, *one_more())
    await watch.look()
    assert [found.counts["pages"] for found in seen] == [14, 14, 15]
    assert seen[2].made_at == START + world.at


async def test_a_figure_that_cannot_be_given_has_no_series() -> None:
    world, metrics = World(), Metrics()
    await StatisticsWatch(world.shards, metrics.statistics.show).look()
    found = shown(metrics)
    assert found['events{what="pages"}'] == 0
    assert not [name for name in found if name.startswith(("ratio", "seconds", "rule_pages"))]
    (row,) = (row.value for name, row in world.store.rows[Table.META].items() if name == "statistics_summary")
    assert load_summary(row) is not None
    assert load_summary(b"\x02newer") is None

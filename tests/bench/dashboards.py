"""How long the queries of each dashboard take together on a week of data, beside the week before it."""

from __future__ import annotations

from pathlib import Path

from tests.dashboards.asking import ask_all
from tests.dashboards.shipped import BOARDS, job_of, queries
from tests.dashboards.week import SPACING, week

GOAL_SECONDS = 2.0
RUNS = 3


async def dashboards(folder: Path) -> None:
    folder.mkdir()
    async with week(folder) as history:
        series = next(
            iter(
                (await history.prometheus.query(f'count({{__name__=~".+"}} @ {history.window.end})')).values()
            )
        )
        print(
            f"Queries of a dashboard over seven days of {series:.0f} series with a sample every {SPACING // 60} minutes,"
        )
        print(f"one after the other, best of {RUNS} (goal: under {GOAL_SECONDS:g} s)")
        for board in BOARDS.values():
            asked = list(queries(board))
            tries = [
                await ask_all(history.prometheus.url, history.window, asked, job_of(board))
                for _ in range(RUNS)
            ]
            taken = [sum(answer.seconds for answer in answers.values()) for answers in tries]
            best = tries[taken.index(min(taken))]
            slowest = max(best, key=lambda where: best[where].seconds)
            print(f"  {board['title']:44} {len(asked):3} queries {min(taken):6.2f} s, the slowest {best[slowest].seconds:5.2f} s: {slowest.partition(' / ')[2]}")  # fmt: skip

from __future__ import annotations

from tests.bench.pairs import Spread, in_turns, ratios, spread


async def test_the_runs_of_a_round_take_turns_and_each_round_begins_with_another_one() -> None:
    order: list[tuple[str, int]] = []

    async def one(number: int) -> float:
        order.append(("one", number))
        return 2.0 * number

    async def other(number: int) -> float:
        order.append(("other", number))
        return 1.0

    figures = await in_turns(range(2), {"one": one, "other": other})
    assert order == [("one", 0), ("other", 0), ("other", 1), ("one", 1)]
    assert figures == {"one": [0.0, 2.0], "other": [1.0, 1.0]}
    assert ratios(figures["one"], figures["other"]) == [0.0, 2.0]


def test_a_spread_is_the_median_with_the_lowest_and_the_highest() -> None:
    assert spread([3.0, 1.0, 8.0, 2.0, 9.0]) == Spread(3.0, 1.0, 9.0)

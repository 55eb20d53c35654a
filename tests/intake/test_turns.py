"""Senders take turns: by source, in each source by address, and in each address by group."""

from __future__ import annotations

from collections import Counter
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from gateway.intake.turns import Turn, Turns


def served(turns: Turns[str], count: int) -> list[str]:
    """Who has the next turns, where everybody has more to send than that."""
    return [turns.next()[1] for _ in range(count)]


def test_sources_take_turns_however_many_addresses_each_sends_from() -> None:
    turns: Turns[str] = Turns()
    for number in range(5):
        turns.add(Turn("us", f"10.0.0.{number}", "g"), "us")
    turns.add(Turn("eu", "10.1.0.1", "g"), "eu")
    assert Counter(served(turns, 10)) == {"us": 5, "eu": 5}


def test_addresses_with_one_token_take_turns_however_many_groups_each_has() -> None:
    turns: Turns[str] = Turns()
    for number in range(5):
        turns.add(Turn("default", "10.0.0.1", f"g{number}"), "first")
    turns.add(Turn("default", "10.0.0.2", "g"), "second")
    assert Counter(served(turns, 10)) == {"first": 5, "second": 5}


def test_groups_of_one_address_take_turns() -> None:
    turns: Turns[str] = Turns()
    for group in ("a", "a", "a", "b"):
        turns.add(Turn("default", "10.0.0.1", group), group)
    assert served(turns, 4) == ["a", "b", "a", "b"]


def test_webhooks_of_one_group_keep_their_order() -> None:
    turns: Turns[str] = Turns()
    for number in range(3):
        turns.add(Turn("eu"), str(number))
    seen = []
    while turns:
        turn, item = turns.next()
        seen.append(item)
        turns.remove(turn, item)
    assert seen == ["0", "1", "2"]


TURN = st.builds(Turn, st.sampled_from("ab"), st.sampled_from("xyz"), st.sampled_from("123"))


@given(st.lists(TURN, min_size=1, max_size=20), st.data())
def test_what_was_added_waits_until_it_is_removed_and_nothing_else_does(
    added: list[Turn], data: st.DataObject
) -> None:
    turns: Turns[int] = Turns()
    waiting = dict(enumerate(added))
    for item, turn in waiting.items():
        turns.add(turn, item)
    while waiting:
        assert turns
        turn, item = turns.next()
        assert waiting[item] == turn
        gone = data.draw(st.sampled_from(sorted(waiting)))
        turns.remove(waiting.pop(gone), gone)
        turns.remove(turn, -1)
    assert not turns


@given(st.lists(TURN, min_size=1, max_size=20, unique=True))
def test_no_source_is_two_turns_ahead_of_another_that_waits(added: list[Turn]) -> None:
    turns: Turns[Turn] = Turns()
    for turn in added:
        turns.add(turn, turn)
    sources = Counter(turn.source for turn in islice((turns.next()[1] for _ in range(40)), 40))
    assert max(sources.values()) - min(sources[turn.source] for turn in added) <= 1

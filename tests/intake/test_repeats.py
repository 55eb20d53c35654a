"""The memory of what was sent before: packed, bounded, and of one source under one rule set."""

from __future__ import annotations

import gc
from hashlib import blake2b
from weakref import ref

import msgspec

from gateway.decisions.intake.normalise import Normaliser
from gateway.intake.repeats import WAYS, Known, Repeats
from gateway.model.rules.rulebook import LabelRules
from tests.support.build import START

RAW = msgspec.Raw(b'{"labels":{"alertname":"Down"}}')


def known(number: int = 1) -> Known:
    return Known(
        f"{number:032x}", number.to_bytes(8, "big"), START + number, (number % 60_000, 7), number % 64
    )


def key(number: int) -> bytes:
    return blake2b(str(number).encode(), digest_size=16).digest()


def test_what_is_remembered_is_found_again_whatever_came_since() -> None:
    repeats = Repeats()
    for number in range(1, 20_001):
        repeats.remember(key(number), known(number))

    found = [number for number in range(1, 20_001) if repeats.find(key(number)) == known(number)]
    assert len(found) > 19_900, "hardly any makes room for others while the table may grow"
    assert repeats.find(key(20_001)) is None


def test_an_entry_takes_less_than_a_hundred_bytes() -> None:
    repeats = Repeats()
    for number in range(1, 50_001):
        repeats.remember(key(number), known(number))

    assert repeats.size < 50_000 * 100


def test_a_new_entry_moves_those_of_one_bucket_at_most() -> None:
    repeats = Repeats()
    before = list(repeats._buckets)
    for number in range(1, 5_001):
        repeats.remember(key(number), known(number))
        after = list(repeats._buckets)
        assert sum(one is not other for one, other in zip(before, after, strict=False)) <= 1
        assert len(after) - len(before) <= 1
        before = after
    assert len(before) > 300


def test_what_is_said_anew_takes_the_place_of_what_was_said_before() -> None:
    repeats = Repeats()
    repeats.remember(key(1), known(1))
    repeats.remember(key(1), known(2))

    assert repeats.find(key(1)) == known(2)


def test_a_table_that_may_not_grow_forgets_the_oldest() -> None:
    repeats = Repeats(max_buckets=1)
    for number in range(1, 2 * WAYS + 1):
        repeats.remember(key(number), known(number))

    kept = [number for number in range(1, 2 * WAYS + 1) if repeats.find(key(number)) is not None]
    assert kept == list(range(WAYS + 1, 2 * WAYS + 1))


def test_other_rules_and_other_sources_know_nothing_of_it() -> None:
    repeats, rules = Repeats(), [Normaliser(LabelRules()), Normaliser(LabelRules())]
    keys = {repeats.of(one).key(RAW) for one in (*rules, *rules)}

    assert len(keys) == len(rules)


def test_rules_that_are_gone_are_not_held_by_the_keys_of_what_they_took() -> None:
    repeats, rules = Repeats(), Normaliser(LabelRules())
    repeats.of(rules)
    gone = ref(rules)
    del rules
    gc.collect()

    assert gone() is None

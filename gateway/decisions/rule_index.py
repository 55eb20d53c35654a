"""Find the rules whose matchers hold for an alert, at a cost that does not grow with the number of rules.

Each rule is a bit of an integer. For each label that rules look at, the index remembers for each value the
bits of the rules that the value satisfies; an alert costs one look-up per such label. Whole answers are
remembered too, by the values of those labels. What is remembered is bounded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

from gateway.decisions.pattern_sets import joined
from gateway.model.matchers import Matcher

MAX_CACHED_VALUES = 4096  # per label
MAX_CACHED_ANSWERS = 16384
MAX_CACHED_CHARACTERS = 16_000_000

Key = TypeVar("Key")
Kept = TypeVar("Kept")


class RuleIndex:
    """An index over rules, compiled once per rule set.

    Rule `i` is the i-th tuple of matchers; an empty tuple matches all.
    """

    def __init__(self, rules: Sequence[tuple[Matcher, ...]]) -> None:
        self._every = (1 << len(rules)) - 1
        columns: dict[str, list[tuple[int, Matcher]]] = {}
        for number, matchers in enumerate(rules):
            for matcher in matchers:
                columns.setdefault(matcher.name, []).append((number, matcher))
        self._columns = {name: _Column(entries, self._every) for name, entries in columns.items()}
        self._answers: Memory[tuple[str, ...], tuple[int, ...]] = Memory(MAX_CACHED_ANSWERS)

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the labels that the rules look at."""
        return tuple(self._columns)

    def matching(self, labels: Mapping[str, str]) -> tuple[int, ...]:
        """Return the numbers of all rules that match, ascending."""
        signature = self._signature(labels)
        answer = self._answers.recall(signature)
        if answer is None:
            answer = self._work_out(signature)
            self._answers.keep(signature, answer, sum(map(len, signature)))
        return answer

    def cost(self, labels: Mapping[str, str]) -> int:
        """Return the steps that patterns may take to answer: instructions × characters; 0 where it is known.

        A step takes a few nanoseconds at most.
        """
        signature = self._signature(labels)
        if self._answers.recall(signature) is not None:
            return 0
        return sum(
            column.cost(value) for column, value in zip(self._columns.values(), signature, strict=True)
        )

    def _signature(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        return tuple([labels.get(name, "") for name in self._columns])

    def first(self, labels: Mapping[str, str]) -> int | None:
        found = self.matching(labels)
        return found[0] if found else None

    def _work_out(self, signature: tuple[str, ...]) -> tuple[int, ...]:
        left = self._every
        for column, value in zip(self._columns.values(), signature, strict=True):
            left &= column.satisfied(value)
        return tuple(_bits(left))


class Memory(Generic[Key, Kept]):
    """The newest answers: `limit` of them at least, or `MAX_CACHED_CHARACTERS`, and twice that at most.

    Threads may share it: one that overlooks what another has just kept finds it again by itself.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._characters = 0
        self._newer: dict[Key, Kept] = {}
        self._older: dict[Key, Kept] = {}

    def __len__(self) -> int:
        return len(self._newer) + len(self._older)

    def recall(self, key: Key) -> Kept | None:
        found = self._newer.get(key)
        return self._older.get(key) if found is None else found

    def keep(self, key: Key, value: Kept, characters: int) -> None:
        if len(self._newer) >= self._limit or self._characters >= MAX_CACHED_CHARACTERS:
            self._older, self._newer, self._characters = self._newer, {}, 0
        self._newer[key] = value
        self._characters += characters


class _Column:
    """The demands of all rules on one label."""

    def __init__(self, entries: list[tuple[int, Matcher]], every: int) -> None:
        self._every = every
        self._kept: Memory[str, int] = Memory(MAX_CACHED_VALUES)
        self._literal = [(number, matcher) for number, matcher in entries if matcher.literals is not None]
        self._patterns = joined(
            [(number, matcher) for number, matcher in entries if matcher.literals is None]
        )
        self._instructions = sum(patterns.instructions for patterns in self._patterns)
        # `_demanding` are the bits of rules with a positive literal, which only a named value satisfies.
        # `_named` holds, for each literal, the rules that name it, and whether they do so to exclude it.
        self._demanding = 0
        self._named: dict[str, list[tuple[int, bool]]] = {}
        for number, matcher in self._literal:
            if not matcher.negated:
                self._demanding |= 1 << number
            for value in matcher.literals or ():
                self._named.setdefault(value, []).append((number, matcher.negated))
        self._needed = _counts([number for number, matcher in self._literal if not matcher.negated])

    def cost(self, value: str) -> int:
        if not self._instructions or self._kept.recall(value) is not None:
            return 0
        return self._instructions * (len(value) + 1)

    def satisfied(self, value: str) -> int:
        bits = self._kept.recall(value)
        if bits is None:
            bits = self._literally(value)
            for patterns in self._patterns:
                bits &= ~patterns.failed(value)
            self._kept.keep(value, bits, len(value))
        return bits

    def _literally(self, value: str) -> int:
        # A rule may name a label twice, so it holds only if the value meets as many literals as the rule has.
        failed, met = 0, []
        for number, negated in self._named.get(value, ()):
            if negated:
                failed |= 1 << number
            else:
                met.append(number)
        fulfilled = 0
        for number, times in _counts(met).items():
            if times == self._needed[number]:
                fulfilled |= 1 << number
        return (self._every & ~self._demanding | fulfilled) & ~failed


def _counts(numbers: list[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for number in numbers:
        found[number] = found.get(number, 0) + 1
    return found


def _bits(number: int) -> list[int]:
    """Return the positions of the bits that are set, in one pass over the bytes."""
    found = []
    for byte_at, byte in enumerate(number.to_bytes((number.bit_length() + 7) // 8, "little")):
        if byte:
            found += [8 * byte_at + bit for bit in range(8) if byte >> bit & 1]
    return found

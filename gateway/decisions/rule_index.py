"""Find the rules whose matchers hold for an alert, at a cost that does not grow with the number of rules.

Each rule is a bit of an integer. For each label that rules look at, the index remembers for each value the
bits of the rules that the value satisfies; an alert costs one look-up per such label. Whole answers are
remembered too, by the values of those labels. Each cache is bounded, and is emptied when it is full.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import re2

from gateway.model.matchers import Matcher

MAX_CACHED_VALUES = 4096  # per label
MAX_CACHED_ANSWERS = 16384


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
        self._answers: dict[tuple[str, ...], tuple[int, ...]] = {}

    def matching(self, labels: Mapping[str, str]) -> tuple[int, ...]:
        """Return the numbers of all rules that match, ascending."""
        signature = tuple([labels.get(name, "") for name in self._columns])
        answer = self._answers.get(signature)
        if answer is None:
            if len(self._answers) >= MAX_CACHED_ANSWERS:
                self._answers.clear()
            answer = self._answers[signature] = self._work_out(signature)
        return answer

    def first(self, labels: Mapping[str, str]) -> int | None:
        found = self.matching(labels)
        return found[0] if found else None

    def _work_out(self, signature: tuple[str, ...]) -> tuple[int, ...]:
        left = self._every
        for column, value in zip(self._columns.values(), signature, strict=True):
            left &= column.satisfied(value)
        return tuple(_bits(left))


class _Column:
    """The demands of all rules on one label."""

    def __init__(self, entries: list[tuple[int, Matcher]], every: int) -> None:
        self._every = every
        self._kept: dict[str, int] = {}
        self._literal = [(number, matcher) for number, matcher in entries if matcher.literals is not None]
        self._patterns = [(number, matcher) for number, matcher in entries if matcher.literals is None]
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
        self._set = _pattern_set([matcher for _, matcher in self._patterns])

    def satisfied(self, value: str) -> int:
        bits = self._kept.get(value)
        if bits is None:
            if len(self._kept) >= MAX_CACHED_VALUES:
                self._kept.clear()
            bits = self._kept[value] = self._literally(value) & self._by_pattern(value)
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

    def _by_pattern(self, value: str) -> int:
        if not self._patterns:
            return self._every
        if self._set is None:
            hits = {
                position for position, (_, matcher) in enumerate(self._patterns) if matcher.accepts(value)
            }
        else:
            try:
                hits = set(self._set.Match(value) or ())
            except UnicodeEncodeError:  # a lone surrogate is no UTF-8: no pattern describes it
                hits = set()
        failed = 0
        for position, (number, matcher) in enumerate(self._patterns):
            if (position in hits) is matcher.negated:
                failed |= 1 << number
        return self._every & ~failed


def _pattern_set(matchers: list[Matcher]) -> re2.Set | None:
    """Compile all patterns of a label into one automaton; None for no patterns, or for too large a one."""
    if not matchers:
        return None
    options = re2.Options()
    options.log_errors = False
    # RE2 allows 8 MiB by default (https://github.com/google/re2/blob/main/re2/re2.h): too
    # little for many patterns.
    options.max_mem = 256 << 20
    made = re2.Set.FullMatchSet(options)
    for matcher in matchers:
        made.Add(f"(?:{matcher.value})")
    try:
        made.Compile()
    except re2.error:  # each is fine, together they are too large
        return None
    return made


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

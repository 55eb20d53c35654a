"""The patterns that rules demand of one label, matched together by as few automata of RE2 as they fit into."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import re2

from gateway.model.matchers import Matcher

# RE2 holds Python's lock while it compiles a set, for about a microsecond per instruction; so one set is kept
# to what compiles in 5 ms, and a pattern as large as hundreds of ordinary ones is matched by itself.
MAX_SET_INSTRUCTIONS = 5_000
MAX_JOINED_INSTRUCTIONS = 1_000
# More than any such set needs: RE2 finds nothing, in silence, where a set has too little
# (https://github.com/google/re2/blob/main/re2/set.cc).
SET_BYTES = 32 << 20


class Patterns:
    """Some patterns of one label, which one automaton matches at once, or each by itself where there is none."""

    def __init__(self, entries: Sequence[tuple[int, Matcher]]) -> None:
        self._entries = entries
        self.instructions = sum(matcher.instructions for _, matcher in entries)
        self._set = _pattern_set([matcher for _, matcher in entries]) if len(entries) > 1 else None
        # Of thousands of patterns a value meets few: the answer begins with what a value fails that meets none, and is
        # put right for each that it meets. A rule with several patterns here is asked about by itself.
        asked = Counter(number for number, _ in entries)
        alone = [asked[number] == 1 for number, _ in entries]
        self._bits = [1 << number if one else 0 for (number, _), one in zip(entries, alone, strict=True)]
        self._failed_by_none = sum(
            bit for bit, (_, matcher) in zip(self._bits, entries, strict=True) if not matcher.negated
        )
        self._of_several = [position for position, one in enumerate(alone) if not one]

    def failed(self, value: str) -> int:
        """Return the bits of the rules whose demand on this value is not met."""
        hits = self._hits(value)
        failed = self._failed_by_none
        for position in hits:
            failed ^= self._bits[position]
        for position in self._of_several:
            number, matcher = self._entries[position]
            if (position in hits) is matcher.negated:
                failed |= 1 << number
        return failed

    def _hits(self, value: str) -> set[int]:
        if self._set is None:
            found = enumerate(matcher.accepts_afresh(value) for _, matcher in self._entries)
            return {position for position, hit in found if hit}
        try:
            return set(self._set.Match(value) or ())
        except UnicodeEncodeError:  # a lone surrogate is no UTF-8: no pattern describes it
            return set()


def joined(entries: Iterable[tuple[int, Matcher]]) -> list[Patterns]:
    """Join small patterns, as many as one automaton takes; a large one stays by itself."""
    found: list[Patterns] = []
    together: list[tuple[int, Matcher]] = []
    instructions = 0
    for number, matcher in entries:
        if matcher.instructions > MAX_JOINED_INSTRUCTIONS:
            found.append(Patterns([(number, matcher)]))
            continue
        if instructions + matcher.instructions > MAX_SET_INSTRUCTIONS:
            found.append(Patterns(together))
            together, instructions = [], 0
        together.append((number, matcher))
        instructions += matcher.instructions
    return [*found, Patterns(together)] if together else found


def _pattern_set(matchers: list[Matcher]) -> re2.Set | None:
    """Compile all patterns into one automaton; None where they are too large together."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = SET_BYTES
    made = re2.Set.FullMatchSet(options)
    for matcher in matchers:
        made.Add(f"(?:{matcher.value})")
    try:
        made.Compile()
    except re2.error:  # each is fine, together they are too large
        return None
    return made

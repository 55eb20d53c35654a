"""How deep a file nests and how far its aliases unfold, asked of the parser's events before any node is made.

libyaml's composer recurses in C: a file of brackets alone would end the process, not raise.
"""

from __future__ import annotations

from typing import cast

import yaml

DEEPEST = 50
MOST_REPEATED = 1_000_000  # values that aliases may add to those that are written


class Unfolding(yaml.MarkedYAMLError):
    """The file is YAML, and more of it than we take."""


def refuse_bombs(text: str, loader: type[yaml.SafeLoader]) -> None:
    """Raises `Unfolding`, or what the parser raises."""
    scan = _Scan()
    for event in yaml.parse(text, Loader=loader):
        scan.take(event)


class _Scan:
    """`_open` holds, for each collection that is not closed yet, its anchor and the values in it."""

    def __init__(self) -> None:
        self._open: list[tuple[str | None, int]] = []
        self._sizes: dict[str, int] = {}
        self._size = 0
        self._repeated = 0

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.CollectionStartEvent):
            if len(self._open) >= DEEPEST:
                raise _refused(event, f"nested over {DEEPEST} deep")
            self._open.append((event.anchor, self._size))
            self._size = 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, outside = self._open.pop()
            self._remember(anchor, self._size)
            self._size += outside
        elif isinstance(event, yaml.ScalarEvent):
            self._remember(event.anchor, 1)
            self._size += 1
        elif isinstance(event, yaml.AliasEvent):
            self._repeat(event)

    def _remember(self, anchor: str | None, size: int) -> None:
        if anchor is not None:
            self._sizes[anchor] = size

    def _repeat(self, event: yaml.AliasEvent) -> None:
        if any(anchor == event.anchor for anchor, _ in self._open):
            raise _refused(event, f"`*{event.anchor}` stands inside of what it repeats")
        size = self._sizes.get(str(event.anchor), 0)
        self._size += size
        self._repeated += size
        if self._repeated > MOST_REPEATED:
            raise _refused(event, f"the aliases up to `*{event.anchor}` repeat over {MOST_REPEATED:,} values: write them out")


def _refused(event: yaml.Event, problem: str) -> Unfolding:
    return Unfolding(problem=problem, problem_mark=cast("yaml.Mark | None", event.start_mark))

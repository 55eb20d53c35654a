"""Refuse files that nest too deep, or whose aliases would grow too large.

libyaml's composer recurses in C, so a file of nothing but brackets would end the process instead of raising
an error. What an alias repeats is counted by the parser's events, before any node is made.
"""

from __future__ import annotations

import re
from typing import Any, cast

import yaml

MAX_NESTING = 50
MAX_ALIASED_VALUES = 1_000_000  # values that aliases may add to those in the file
# Nothing can be repeated without an anchor, and no anchor begins in the middle of a word, as in an address.
_ANCHOR = re.compile(r"(?<!\w)&")
TOO_DEEP = f"nested over {MAX_NESTING} deep"
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlBomb(yaml.MarkedYAMLError):
    """The file is YAML, but nests too deep or repeats too much."""


def compose_safely(text: str) -> yaml.Node | None:
    """Return the root node of a text, None for one that holds nothing.

    Raises `YamlBomb` if the text nests too deep or repeats too much, else any error of the parser.
    """
    if _ANCHOR.search(text):
        scan = _Scan()
        for event in yaml.parse(text, Loader=_Loader):
            scan.take(event)
    return yaml.compose(text, Loader=_ShallowLoader)


class _ShallowLoader(_Loader):  # type: ignore[misc]
    """A loader that makes no node deeper down than `MAX_NESTING` collections. The composer calls it at each."""

    _depth = 0

    def descend_resolver(self, parent: yaml.Node | None, _index: object) -> None:
        if self._depth > MAX_NESTING and parent is not None:
            raise YamlBomb(problem=TOO_DEEP, problem_mark=parent.start_mark)
        self._depth += 1

    def ascend_resolver(self) -> None:
        self._depth -= 1


class _Scan:
    """The state of the check. `_open` holds the anchor and the size so far of each collection still open."""

    def __init__(self) -> None:
        self._open: list[tuple[str | None, int]] = []
        self._sizes: dict[str, int] = {}
        self._size = 0
        self._repeated = 0

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.CollectionStartEvent):
            if len(self._open) >= MAX_NESTING:
                raise _refused(event, TOO_DEEP)
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
        # A node that contains itself has no end: whoever walks through it never returns.
        if any(anchor == event.anchor for anchor, _ in self._open):
            raise _refused(event, f"`*{event.anchor}` stands inside of what it repeats")
        # Ten aliases of ten aliases, nine levels deep, are a few lines of text and a billion values.
        size = self._sizes.get(str(event.anchor), 0)
        self._size += size
        self._repeated += size
        if self._repeated > MAX_ALIASED_VALUES:
            raise _refused(
                event,
                f"the aliases up to `*{event.anchor}` repeat over {MAX_ALIASED_VALUES:,} values: write them out",
            )


def _refused(event: yaml.Event, problem: str) -> YamlBomb:
    return YamlBomb(problem=problem, problem_mark=cast("yaml.Mark | None", event.start_mark))

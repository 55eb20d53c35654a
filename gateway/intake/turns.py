"""Turns: whoever sends much keeps nobody waiting who sends little.

Everything that waits stands in a tree: the sources take turns, in each source its addresses, and in each
address its groups. So a source with a thousand groups gets no more of a round than a source with one.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Generic, NamedTuple, TypeVar

Item = TypeVar("Item")


class Turn(NamedTuple):
    """The sender whose turn it is: a source, an address that it sends from, and a group of
    alerts; empty where unknown.
    """

    source: str = ""
    address: str = ""
    group: str = ""


class Turns(Generic[Item]):
    """The items that wait, each under the turn that it was added with."""

    def __init__(self) -> None:
        self._level: _Level[Item] = _Level()

    def __bool__(self) -> bool:
        return bool(self._level.branches)

    def add(self, turn: Turn, item: Item) -> None:
        self._level.add(turn, item)

    def next(self) -> tuple[Turn, Item]:
        """Return the item whose turn it is; it stays at the head of its group until it is removed."""
        path, item = self._level.next()
        return Turn(*path), item

    def remove(self, turn: Turn, item: Item) -> None:
        """Take an item out; one that does not wait is left alone."""
        self._level.remove(turn, item)


class _Level(Generic[Item]):
    """One level of the tree. `branches` are in the order of their turns; none of them is empty."""

    def __init__(self) -> None:
        self.branches: OrderedDict[str, _Level[Item] | deque[Item]] = OrderedDict()

    def add(self, path: tuple[str, ...], item: Item) -> None:
        name, *rest = path
        branch = self.branches.get(name)
        if branch is None:
            branch = self.branches[name] = _Level() if rest else deque()
        if isinstance(branch, _Level):
            branch.add(tuple(rest), item)
        else:
            branch.append(item)

    def next(self) -> tuple[tuple[str, ...], Item]:
        name, branch = next(iter(self.branches.items()))
        self.branches.move_to_end(name)
        if isinstance(branch, _Level):
            rest, item = branch.next()
            return (name, *rest), item
        return (name,), branch[0]

    def remove(self, path: tuple[str, ...], item: Item) -> None:
        name, *rest = path
        branch = self.branches.get(name)
        if isinstance(branch, _Level):
            branch.remove(tuple(rest), item)
            empty = not branch.branches
        else:
            if branch is None or item not in branch:
                return
            branch.remove(item)
            empty = not branch
        if empty:
            del self.branches[name]

"""The rule generation: a number in the store by which the replicas of a gateway agree on the newest rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class RuleGeneration(NamedTuple):
    """The newest rules that any replica has: their generation and their revision, a hash of the files.

    `seen_at` is when a replica that has them last said so (ms, in the store 0 for
    never). It is None where the last one of them has stopped.
    """

    generation: int = 0
    revision: str = ""
    seen_at: int | None = None

    def dump(self) -> bytes:
        """Return the row `rules` of the store. It has three words, which older versions read too."""
        return f"{self.generation} {self.revision} {self.seen_at or 0}".encode()


def load_rule_generation(row: bytes) -> RuleGeneration:
    generation, revision, seen_at = row.decode().split() if row else ("0", "", "0")
    return RuleGeneration(int(generation), revision, int(seen_at) or None)


class Sign(NamedTuple):
    """A replica's sign of life: the generation of the rules that it has, and when it said so (ms)."""

    generation: int
    at: int


class RuleHolders(NamedTuple):
    """The replicas by name, each with its last sign.

    `passed_over` are generations whose holders were taken for gone, so that a replica with older rules
    announced its own anew. A holder that comes back after that announces its rules again.
    """

    signs: Mapping[str, Sign] = {}
    passed_over: tuple[int, ...] = ()

    def dump(self) -> bytes:
        """Return the row `rules_holders` of the store."""
        signs = [f"{name} {sign.generation} {sign.at}" for name, sign in self.signs.items()]
        return "|".join([" ".join(map(str, self.passed_over)), *signs]).encode()


def load_rule_holders(row: bytes) -> RuleHolders:
    """Read the row. A store that only older versions have used has none."""
    passed_over, *lines = row.decode().split("|")
    words = [line.split() for line in lines]
    signs = {name: Sign(int(generation), int(at)) for name, generation, at in words}
    return RuleHolders(signs, tuple(map(int, passed_over.split())))

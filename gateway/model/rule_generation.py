"""The rule generation: a number in the store by which the replicas of a gateway agree on the newest rules."""

from __future__ import annotations

from typing import NamedTuple


class RuleGeneration(NamedTuple):
    """The newest rules that any replica has: their generation and their revision, a hash of the files.

    `seen_at` is when a replica that has them last said so (ms, in the store 0 for
    never).
    """

    generation: int = 0
    revision: str = ""
    seen_at: int | None = None

    def dump(self) -> bytes:
        return f"{self.generation} {self.revision} {self.seen_at or 0}".encode()


def load_rule_generation(row: bytes) -> RuleGeneration:
    generation, revision, seen_at = row.decode().split() if row else ("0", "", "0")
    return RuleGeneration(int(generation), revision, int(seen_at) or None)

"""Which rules the replicas of a gateway have in force: a generation number and a revision."""

from __future__ import annotations

from typing import NamedTuple


class RuleGeneration(NamedTuple):
    """The newest rules that any replica has: their generation and revision, and when a replica that has them last said so (ms)."""

    generation: int = 0
    revision: str = ""
    seen_at: int = 0

    def dump(self) -> bytes:
        return f"{self.generation} {self.revision} {self.seen_at}".encode()


def load_rule_generation(row: bytes) -> RuleGeneration:
    generation, revision, seen_at = row.decode().split() if row else ("0", "", "0")
    return RuleGeneration(int(generation), revision, int(seen_at))

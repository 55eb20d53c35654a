"""How much memory the store uses, and how much it may use."""

from __future__ import annotations

from dataclasses import dataclass

FILLING = 0.80  # of its limit: from here on people are told
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class StoreMemory:
    """The memory of the fullest server, in bytes; `limit` is None where its server has none.

    `used` is what the server compares with its limit before it refuses a write.
    """

    used: int
    limit: int | None

    @property
    def share(self) -> float:
        """Return which share of the limit is used, 0 where there is no limit."""
        return self.used / self.limit if self.limit else 0.0

    @property
    def is_filling(self) -> bool:
        return self.share >= FILLING

    def __str__(self) -> str:
        used = f"{self.used / MIB:.0f} MiB"
        return f"{used} of {self.limit / MIB:.0f} MiB ({self.share:.0%})" if self.limit else used

"""One finding of the doctor."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.outbound.kind import Mark

__all__ = ["Diagnosis", "Mark"]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    mark: Mark
    what: str
    said: str

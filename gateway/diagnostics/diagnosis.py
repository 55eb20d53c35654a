"""One finding of the doctor."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.outbound.kind import Mark

__all__ = ["REQUEST_SECONDS", "Diagnosis", "Mark"]

REQUEST_SECONDS = 5.0  # in which whatever is looked at has to answer


@dataclass(frozen=True, slots=True)
class Diagnosis:
    mark: Mark
    what: str
    said: str

"""Say of each part of the gateway whether it is well, and of the whole whether it still does its work."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class HealthStatus(StrEnum):
    """`unhealthy`: alerts are lost or nobody is told of them. `degraded`: somebody has to look at something."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


class HealthChecks(NamedTuple):
    """Whether each part is well, None where the gateway has no such part or cannot know.

    `database` and `redis` are the same store: monitoring that asks for either finds it.
    """

    database: bool
    redis: bool
    external_apis: bool | None = None
    disk_space: bool | None = None
    memory: bool | None = None
    rules: bool | None = None
    clock: bool | None = None
    agenda: bool | None = None
    watchdogs: bool | None = None

    def shown(self) -> Mapping[str, bool | None]:
        return self._asdict()


NO_STORE = HealthChecks(database=False, redis=False)
"""The checks of a gateway that has not found its store yet, and so knows nothing else."""

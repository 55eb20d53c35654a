"""Who plans incidents in the commit that opens them: intake knows of it only this."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from gateway.decisions.intake.assign_incidents import OpenedIncident
from gateway.model.changes import Changes


class OpeningPlans(Protocol):
    """The plans of one commit. Nothing here raises: a webhook is answered by its commit alone."""

    async def add(self, changes: Changes, opened: Sequence[OpenedIncident]) -> None:
        """Have the changes write plans of the incidents that they open. What is not planned stays on the
        agenda.

        It is called again where the commit has lost its race.
        """
        ...

    def committed(self) -> None:
        """Hear that the changes are in the store."""
        ...


class OpeningPlanner(Protocol):
    def begin(self) -> AbstractContextManager[OpeningPlans]:
        """Begin the plans of one commit, which is made within the context."""
        ...


class LeaveToAgenda:
    """Plans nothing: each incident is planned when the agenda comes to it."""

    @contextmanager
    def begin(self) -> Iterator[OpeningPlans]:
        yield self

    async def add(self, changes: Changes, opened: Sequence[OpenedIncident]) -> None: ...

    def committed(self) -> None: ...

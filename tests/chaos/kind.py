"""One kind of trouble: its name, what is done, how it is played, and what it may cost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.chaos.figures import Figures, Goals
from tests.chaos.stage import Stage

KEYED = Goals(
    page=25.0, message=45.0
)  # a lease of a process that is gone lasts 20 s; Slack is read back, too


@dataclass(frozen=True)
class Kind:
    """`short`: it is part of the cut that `make test-all` takes. `limit` is in seconds. `alone`: it needs the whole
    machine, so that nothing is played beside it.
    """

    name: str
    done: str
    play: Callable[[Stage], Awaitable[Figures]]
    goals: Goals = field(default_factory=Goals)
    short: bool = False
    limit: float = 420.0
    alone: bool = False

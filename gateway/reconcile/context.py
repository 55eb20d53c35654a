"""What every step needs: the store, the rules in force, the destinations, and how a change is committed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from gateway.decisions.normalise import Normaliser
from gateway.decisions.policy import Policy
from gateway.errors import StateUnavailable
from gateway.model.changes import Changes, Claim, Committed, Fate, Pace, Release
from gateway.model.durations import MINUTE
from gateway.ports import Intake, Notifier, Peers, State, Store, Trail, Vault, Watcher
from gateway.reconcile.reading import Announced

log = structlog.get_logger("gateway.reconcile")

OUTDATED_PATIENCE = MINUTE
FENCE_STEP = 0.05  # seconds
FENCE_TRIES = 100  # longer than a fence can last


class Report(Protocol):
    """Say that one of our own alerts fires, again and again for as long as it does: its name, further labels, what to know."""

    def __call__(self, name: str, labels: Mapping[str, str], details: str = "", /) -> None: ...


@dataclass(slots=True)
class Context:
    """`notifiers` by kind, `log` among them for destinations without a credential."""

    store: State
    policy: Policy
    notifiers: Mapping[str, Notifier]
    vault: Vault
    watcher: Watcher
    report: Report
    intake: Intake
    peers: Peers
    trail: Trail
    public_url: str = ""
    generation: int = 0  # of the rules in force here; an older one than the store's does not plan
    paces: Mapping[str, Pace] = field(default_factory=dict)  # by destination
    readers: dict[str, Normaliser] = field(default_factory=dict)  # by source: of what its peers say
    slot: int = 0
    home: bool = True  # the slot that does what concerns all of them
    elsewhere: tuple[State, ...] = ()  # for that: the other slots


def outdated(context: Context, newest: Announced, now: int) -> bool:
    """A replica that has newer rules than we is alive: it plans. Where none is, nobody is left unwarned for its sake."""
    return newest.generation > context.generation and now - newest.seen_at < OUTDATED_PATIENCE


async def commit(store: Store, changes: Changes) -> Committed:
    """Another replica's fence lasts a moment: it is waited for. Raises `StateUnavailable`, also where it does not end."""
    for _ in range(FENCE_TRIES):
        committed = await store.commit(changes)
        if committed.fate is not Fate.FENCED:
            return committed
        await asyncio.sleep(FENCE_STEP)
    raise StateUnavailable("somebody keeps the slot fenced")


async def let_go(store: Store, claim: Claim, again: int | None) -> Committed:
    """Give a lease back without any other change."""
    return await commit(store, Changes(releases=[Release(claim, again)]))

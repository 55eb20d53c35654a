"""Find the copies that we hold of what a source's event recorder speaks of, by their fingerprint as sent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from time import monotonic
from typing import NamedTuple

from gateway.decisions.intake.held_as_sent import ends_of
from gateway.intake.parse_webhook import Parsed
from gateway.intake.repeats import Sighting
from gateway.model.changes import Query, Table
from gateway.model.copy_key import HASH, plain_key
from gateway.model.records import load_alert
from gateway.model.source_peers import HeldCopy
from gateway.ports import State
from gateway.state.paging import pages
from gateway.state.shards import Shards

LOOK_SECONDS = 30.0  # between two looks through the copies of a source for those of a relay

Held = dict[str, dict[str, HeldCopy]]  # by fingerprint as sent, the copies by key


class _Relayed(NamedTuple):
    """The keys of a source's copies whose labels a relay has changed, by fingerprint as sent."""

    looked_at: float
    keys: Mapping[str, Sequence[str]]


class HeldCopies:
    """The copies that we hold of all sources. `clock` is monotonic, in seconds.

    A recorder speaks of every alert that ends, and to look through all copies costs more the more there are.
    So the copies of a relay are looked for now and then: one that came since is ended by its webhook alone.
    """

    def __init__(self, shards: Shards, clock: Callable[[], float] = monotonic) -> None:
        self._shards = shards
        self._clock = clock
        self._relayed: dict[str, _Relayed] = {}  # by source

    async def find(self, parsed: Parsed) -> Parsed:
        """Return the events with the keys of the copies that we hold. Raises `StateUnavailable`."""
        events = parsed.observations
        held = await self._held(parsed.source, {*(seen.copy for seen in events), *parsed.quieted})
        seen = list[Sighting](
            end for event in events for end in ends_of(event, held.get(plain_key(event.copy), {}))
        )
        # What is quiet at its source is so under every label set: a note on a timeline ends nothing.
        quieted = {
            name: by
            for copy, by in parsed.quieted.items()
            for name in held.get(plain_key(copy), {}) or (copy,)
        }
        return replace(parsed, seen=seen, quieted=quieted)

    async def _held(self, source: str, copies: Collection[str]) -> Held:
        held: Held = {}
        if not copies:
            return held
        wanted = {plain_key(copy) for copy in copies}
        for state in self._shards.states:
            await _read(state, wanted | set(copies), wanted, held)
        as_sent = {copy for copy in copies if _fires(held.get(plain_key(copy), {}), copy)}
        # All of them came to us as the source has them, as is the rule: no relay is to be looked for.
        if as_sent == set(copies):
            return held
        keys = await self._relayed_keys(source)
        relayed = [key for plain in wanted for key in keys.get(plain, ())]
        for state in self._shards.states:
            await _read(state, relayed, wanted, held)
        return held

    async def _relayed_keys(self, source: str) -> Mapping[str, Sequence[str]]:
        known = self._relayed.get(source)
        if known is None or self._clock() - known.looked_at >= LOOK_SECONDS:
            found: dict[str, list[str]] = {}
            for state in self._shards.states:
                # The keys have the fingerprint in front, so the store can pick those of
                # a relay by themselves.
                async for rows in pages(state, Table.COPIES, f"{source}/*{HASH}*"):
                    for key in rows:
                        found.setdefault(plain_key(key), []).append(key)
            known = self._relayed[source] = _Relayed(self._clock(), found)
        return known.keys


async def _read(state: State, copies: Collection[str], wanted: Collection[str], held: Held) -> None:
    """Add the copies with a wanted fingerprint of the alerts that these copies belong to."""
    if not copies:
        return
    gathered = await state.gather(Query(list(copies), [""] * len(copies)))
    for alert in (load_alert(row.value) for _, row in gathered.alerts if row.value):
        for name, copy in alert.copies.items():
            if plain_key(name) in wanted:
                held.setdefault(plain_key(name), {})[name] = HeldCopy(alert, copy)


def _fires(held: Mapping[str, HeldCopy], copy: str) -> bool:
    return copy in held and held[copy].copy.firing

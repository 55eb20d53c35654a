"""The desk for orders: silences, a pause of paging, a bypass of suppression; read, decide, commit, and have it looked at.

There is one set of them, in the home shard; its sweep brings it to the others. What changes puts `sweep:controls` on the agenda in the same commit, so that everything concerned is looked at again at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from uuid import uuid4

from gateway.decisions.controls import compile_controls, switch
from gateway.decisions.policy import Policy
from gateway.decisions.suppression.silence_preview import SilencePreview
from gateway.decisions.suppression.silences import (
    SilenceChange,
    SilenceRequest,
    approve,
    change_silence,
    end,
    extend,
    propose,
    with_silence,
)
from gateway.errors import StateUnavailable
from gateway.model.agenda import NEW_CONTROLS, SILENCE_UPKEEP
from gateway.model.cells import CONTROLS
from gateway.model.changes import Changes, CommitOutcome, LogEntry, Query, Table
from gateway.model.controls import Controls, Rejection, Silence, Switch
from gateway.model.instants import written
from gateway.model.records import dump, load_alert
from gateway.state.commit import commit
from gateway.state.paging import pages
from gateway.state.shards import Shards

RACES = 5


@dataclass(frozen=True, slots=True)
class Weighed:
    """A silence before it is made: how much it would hide, and what should make one think twice."""

    silence: Silence
    preview: SilencePreview
    warnings: tuple[str, ...]


class ControlActions:
    """`policy` answers the one in force. A `Rejection` says why something cannot be; every method raises `StateUnavailable`."""

    def __init__(self, shards: Shards, policy: Callable[[], Policy], woken: Callable[[], None]) -> None:
        self._shards = shards
        self._policy = policy
        self._woken = woken

    async def held(self) -> tuple[Controls, int]:
        """The orders, and the store's time."""
        gathered = await self._shards.home.gather(Query(cells=(CONTROLS,)))
        return compile_controls(gathered.rows[CONTROLS].value).controls, gathered.now

    async def weigh(self, requested: SilenceRequest) -> Weighed | Rejection:
        """Against everything that fires, and what fired in the last 7 days."""
        rules, now = self._policy().rules, await self._shards.home.now()
        silence = propose(requested, uuid4().hex[:8], rules.silences, rules.intervals, now)
        if isinstance(silence, Rejection):
            return silence
        preview = SilencePreview(silence, now)
        for table in (Table.ALERTS, Table.PAST):
            async for rows in pages(self._shards, table):
                for row in rows.values():
                    preview.add(load_alert(row.value))
        return Weighed(silence, preview, tuple(preview.warnings(rules.silences)))

    async def silence(self, silence: Silence) -> Silence | Rejection:
        """Make it as it was weighed."""
        said = {"silence": silence.id, "by": silence.by, "matchers": ", ".join(silence.matchers), "why": silence.why}
        changed = await self._change(lambda controls, now: with_silence(controls, silence, now), LogEntry("", "silenced", said))
        return changed if isinstance(changed, Rejection) else silence

    async def extend(self, name: str, by: str, ends_at: int) -> Silence | Rejection:
        """Give it another end."""
        policy = self._policy().rules.silences
        return await self._change_silence(name, "silence_extended", by, lambda it, now: extend(it, by, ends_at, policy, now))

    async def approve(self, name: str, by: str) -> Silence | Rejection:
        return await self._change_silence(name, "silence_approved", by, lambda it, now: approve(it, by, now))

    async def end(self, name: str, by: str) -> Silence | Rejection:
        return await self._change_silence(name, "silence_ended", by, lambda it, now: end(it, by, now))

    async def switch(self, kind: Literal["pause", "bypass"], by: str, until: int, reason: str) -> Switch | Rejection:
        """A pause or a bypass until then; 0 lifts the one that stands."""
        requested = Switch(by, 0, until, reason)
        said = LogEntry(
            "", f"{kind}_ordered" if until else f"{kind}_lifted", {"by": by, "until": written(until), "reason": reason}
        )
        changed = await self._change(lambda controls, now: switch(controls, kind, requested, now), said)
        if isinstance(changed, Rejection):
            return changed
        return (changed.pause if kind == "pause" else changed.bypass) or requested

    async def _change_silence(self, name: str, what: str, by: str, change: SilenceChange) -> Silence | Rejection:
        said = LogEntry("", what, {"silence": name, "by": by})
        changed = await self._change(lambda controls, now: change_silence(controls, name, change, now), said)
        return changed if isinstance(changed, Rejection) else next(one for one in changed.silences if one.id == name)

    async def _change(self, change: Callable[[Controls, int], Controls | Rejection], said: LogEntry) -> Controls | Rejection:
        for _ in range(RACES):
            gathered = await self._shards.home.gather(Query(cells=(CONTROLS,)))
            row = gathered.rows[CONTROLS]
            after = change(compile_controls(row.value).controls, gathered.now)
            if isinstance(after, Rejection):
                return after
            changes = Changes(expect={CONTROLS: row.version}, put={CONTROLS: dump(after)}, log=[said])
            changes.schedule(NEW_CONTROLS, gathered.now, 0)
            changes.schedule(SILENCE_UPKEEP, gathered.now, 9)
            if (await commit(self._shards.home, changes)).outcome is CommitOutcome.DONE:
                self._woken()
                return after
        raise StateUnavailable("the orders change too quickly: try again")

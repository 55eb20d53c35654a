"""Change the controls: silences, a pause of paging, a bypass of suppression.

There is one set of controls, in the home shard; a sweep copies it to the other shards. A change puts that
sweep on the agenda in the same commit, so that everything it concerns is looked at again at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal
from uuid import uuid4

import msgspec

from gateway.actions.silence_preview import count_hidden, propose_aside
from gateway.decisions.controls import compile_controls, switch
from gateway.decisions.policy import Policy
from gateway.decisions.suppression.silence_preview import SilencePreview
from gateway.decisions.suppression.silence_request import SilenceRequest
from gateway.decisions.suppression.silences import (
    SilenceChange,
    approve,
    change_silence,
    end,
    extend,
    silence_meant,
    with_silence,
)
from gateway.model.agenda import NEW_CONTROLS, SILENCE_UPKEEP
from gateway.model.cells import CONTROLS
from gateway.model.changes import Changes, LogEntry, Query, Result
from gateway.model.controls import Controls, Rejection, Silence, Switch
from gateway.model.instants import written
from gateway.model.people import Identity, slack_ids
from gateway.model.records import dump
from gateway.state.persons import Persons
from gateway.state.shards import Shards
from gateway.state.transact import transact

ControlsChange = Callable[[Controls, int], Controls | Rejection]


@dataclass(frozen=True, slots=True)
class PreviewedSilence:
    """A silence before it is made: how much it would hide, and what should make its maker think twice."""

    silence: Silence
    preview: SilencePreview
    warnings: tuple[str, ...]


class ControlActions:
    """Change the controls for people.

    `policy` returns the one in force; `woken` wakes the reconcilers, so that they handle at once what is
    due. `persons` knows what stands for a person in the statistics. A `Rejection` says why something cannot
    be done. Every method raises `StateUnavailable`.
    """

    def __init__(
        self,
        shards: Shards,
        policy: Callable[[], Policy],
        woken: Callable[[], None],
        persons: Persons | None = None,
    ) -> None:
        self._shards = shards
        self._persons = persons or Persons(shards.home, str)
        self._policy = policy
        self._woken = woken

    async def held(self) -> tuple[Controls, int]:
        """Return the controls, and what people call the time, in ms."""
        gathered = await self._shards.home.gather(Query(cells=(CONTROLS,)))
        return compile_controls(gathered.rows[CONTROLS].value).controls, gathered.wall

    async def preview(self, requested: SilenceRequest, name: str = "") -> PreviewedSilence | Rejection:
        """Compare a silence with all alerts that fire or fired in the last 7 days, before it is made.

        It gets an id of its own, unless `name` gives it one.
        """
        rules, (_, now) = self._policy().rules, await self.held()
        silence = await propose_aside(requested, name or uuid4().hex[:8], rules, now)
        if isinstance(silence, Rejection):
            return silence
        preview = SilencePreview(silence, now)
        await count_hidden(self._shards, preview)
        return PreviewedSilence(silence, preview, tuple(preview.warnings(rules.silences)))

    async def silence(self, silence: Silence) -> Silence | Rejection:
        """Make the silence as it was previewed, and return it as it
        is kept: one of this id that was made before stays as it was.
        """
        matchers = ", ".join(silence.matchers)
        detail = {"silence": silence.id, "by": silence.by, "matchers": matchers, "why": silence.why}
        said = LogEntry("", "silenced", detail)
        pseudonym = await self._persons.pseudonym(silence.by, slack_ids(silence.slack))
        silence = msgspec.structs.replace(silence, pseudonym=pseudonym)

        def make(controls: Controls, now: int) -> Controls | Rejection:
            known = any(other.id == silence.id for other in controls.silences)
            return controls if known else with_silence(controls, silence, now)

        return _named(silence.id, await self._change(make, said))

    async def extend(self, name: str, by: Identity, ends_at: int) -> Silence | Rejection:
        """Give the silence another end (ms)."""
        policy = self._policy().rules.silences
        return await self._change_silence(
            name, "silence_extended", by.name, lambda silence, now: extend(silence, by, ends_at, policy, now)
        )

    async def approve(self, name: str, by: Identity) -> Silence | Rejection:
        return await self._change_silence(
            name, "silence_approved", by.name, lambda silence, now: approve(silence, by, now)
        )

    async def end(self, name: str, by: str) -> Silence | Rejection:
        return await self._change_silence(
            name, "silence_ended", by, lambda silence, now: end(silence, by, now)
        )

    async def switch(
        self, kind: Literal["pause", "bypass"], by: str, until: int | None, reason: str
    ) -> Switch | Rejection:
        """Switch a pause or a bypass on until then (ms); None lifts the one that stands."""

        def change(controls: Controls, now: int) -> Controls | Rejection:
            return switch(controls, kind, Switch(by, now, now if until is None else until, reason), now)

        what = f"{kind}_ordered" if until else f"{kind}_lifted"
        said = LogEntry("", what, {"by": by, "until": written(until), "reason": reason})
        changed = await self._change(change, said)
        if isinstance(changed, Rejection):
            return changed
        switched = changed.pause if kind == "pause" else changed.bypass
        assert switched is not None
        return switched

    async def _change_silence(
        self, name: str, what: str, by: str, change: SilenceChange
    ) -> Silence | Rejection:
        # The first characters of an id are enough; what is logged and changed is named by the whole of it.
        meant = silence_meant((await self.held())[0], name)
        if isinstance(meant, Rejection):
            return meant
        name = meant.id
        said = LogEntry("", what, {"silence": name, "by": by})
        return _named(
            name, await self._change(lambda controls, now: change_silence(controls, name, change, now), said)
        )

    async def _change(self, change: ControlsChange, said: LogEntry) -> Controls | Rejection:
        """Change the controls and log what was said; the sweep and the upkeep of silences follow at once."""

        def decide(gathered: Result) -> tuple[Changes | None, Controls | Rejection]:
            row = gathered.rows[CONTROLS]
            before = compile_controls(row.value).controls
            after = change(before, gathered.wall)
            if isinstance(after, Rejection) or after is before:
                return None, after
            # Two people may change the controls at once: the later commit is decided again,
            # so no silence gets lost.
            changes = Changes(expect={CONTROLS: row.version}, put={CONTROLS: dump(after)}, log=[said])
            # New controls decide who is paged right now, so they go first; the upkeep of
            # silences can wait its turn.
            changes.schedule(NEW_CONTROLS, gathered.now, 0)
            changes.schedule(SILENCE_UPKEEP, gathered.now, 9)
            return changes, after

        home = self._shards.home
        done = await transact(home, "controls", partial(home.gather, Query(cells=(CONTROLS,))), decide)
        # People expect a silence or a pause to hold at once, not at the next poll.
        if done.committed is not None:
            self._woken()
        return done.answer


def _named(name: str, changed: Controls | Rejection) -> Silence | Rejection:
    if isinstance(changed, Rejection):
        return changed
    return next(silence for silence in changed.silences if silence.id == name)

"""End the silences that are over, and report those about to end while alerts still fire under them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gateway.decisions.controls import CompiledControls, compile_controls
from gateway.decisions.suppression.silence_upkeep import keeps_alive, update_silences
from gateway.model.agenda import NEW_CONTROLS
from gateway.model.cells import CONTROLS
from gateway.model.changes import Changes, Claim, LogEntry, Query, Release, Table
from gateway.model.instants import when
from gateway.model.own_alert import SILENCE_ENDING
from gateway.model.records import dump, load_alert
from gateway.ports import State
from gateway.reconcile.context import Context
from gateway.state.paging import pages
from gateway.state.shards import Shards
from gateway.state.silence_matching import match_aside
from gateway.state.transact import commit_claimed

MAX_NAMES = 5  # of alerts, in one report


async def upkeep_silences(context: Context, claim: Claim) -> None:
    store = context.store
    gathered = await store.gather(Query(cells=(CONTROLS,)))
    row, wall = gathered.rows[CONTROLS], gathered.wall
    compiled = compile_controls(row.value)
    # The count reads every alert of every shard, so it is left out while there is no silence.
    hidden = await _hidden((store, *context.elsewhere), compiled) if compiled.controls.silences else {}
    upkept = update_silences(
        compiled.controls, hidden, context.policy.calendar, context.policy.rules.silences, wall
    )
    for silence in upkept.ending:
        names = ", ".join(f"{count} × {name}" for name, count in hidden[silence.id].most_common(MAX_NAMES))
        context.report(
            SILENCE_ENDING,
            {"silence": silence.id, "owner": silence.by},
            f"Under it still fire: {names}.",
        )
    look_at = when(upkept.look_at, gathered.now, gathered.ahead)
    changes = Changes(releases=[Release(claim, look_at)])
    if upkept.controls is not compiled.controls:
        # A silence that a person changes right now wins: this commit loses and the upkeep is done again.
        changes.expect[CONTROLS], changes.put[CONTROLS] = row.version, dump(upkept.controls)
        ended = [
            silence for silence in upkept.controls.silences if silence.version == upkept.controls.version
        ]
        changes.log += [
            LogEntry("", "silence_ended", {"silence": silence.id, "by": silence.ended_by})
            for silence in ended
        ]
        if ended:
            # Alerts that still fire under an ended silence are
            # notified at once, without waiting for a webhook.
            changes.schedule(NEW_CONTROLS, gathered.now, 0)
    await commit_claimed(store, claim, changes)


async def _hidden(everywhere: Sequence[State], compiled: CompiledControls) -> dict[str, Counter[str]]:
    """Count, by silence, the names of the alerts that fire and match it."""
    hidden: dict[str, Counter[str]] = {}
    async for rows in pages(Shards(everywhere), Table.ALERTS):
        firing = [alert for alert in (load_alert(row.value) for row in rows.values()) if alert.firing]
        await match_aside(compiled, firing)
        for alert in firing:
            for silence in compiled.matching(alert):
                if keeps_alive(silence, alert):
                    hidden.setdefault(silence.id, Counter())[alert.name] += 1
    return hidden

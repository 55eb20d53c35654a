"""Decide which silences are over, which are forgotten, and which end soon while alerts fire under them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from gateway.decisions.calendar import Calendar
from gateway.decisions.controls import may_silence, state_of
from gateway.model.alert import Alert
from gateway.model.controls import Controls, Silence, SilenceState
from gateway.model.durations import DAY, MINUTE
from gateway.model.instants import earliest
from gateway.model.rules.silence_policy import SilencePolicy

KEEP_ENDED_FOR = 7 * DAY  # ended silences are shown for so long
REMIND_BEFORE_END = 30 * MINUTE  # or in the last quarter of a silence, where that is shorter
LEAST_NOTICE = 5 * MINUTE  # in less than that nobody reads of it and extends it: the page is there before


@dataclass(frozen=True, slots=True)
class SilenceUpdate:
    """The controls after a regular update of the silences.

    `ending` are silences that are soon over while alerts still fire under them. `look_at` is when to update
    again (ms, None for never).
    """

    controls: Controls
    ending: tuple[Silence, ...]
    look_at: int | None


def keeps_alive(silence: Silence, alert: Alert) -> bool:
    """Return whether a silence is still needed for this firing alert, which its matchers match."""
    return alert.started_at is not None and may_silence(silence, alert, alert.started_at, four_eyes=False)


def update_silences(
    controls: Controls,
    hidden: Mapping[str, Counter[str]],
    calendar: Calendar,
    policy: SilencePolicy,
    now: int,
) -> SilenceUpdate:
    """End the silences that are over, forget those that ended long ago, and name those that end soon.

    `hidden` counts, for each silence id, the firing alerts under it by alert name.
    """
    after, ending = [], []
    for silence in controls.silences:
        # After a week nobody asks any more who silenced what, and every plan reads this record.
        if silence.ends_at + KEEP_ENDED_FOR < now:
            continue
        # This silence hides nothing now: nobody has to be reminded, and no match is expected of it.
        if state_of(silence, calendar, now) in (SilenceState.ENDED, SilenceState.PENDING):
            after.append(silence)
            continue
        fires = bool(hidden.get(silence.id))
        after.append(_end_if_unneeded(silence, policy, now, fires=fires))
        # What fires under the silence would be told the moment it ends: its maker gets the time to extend it.
        if fires and now >= silence.ends_at - _notice(silence):
            ending.append(silence)
    live = [silence for silence in after if not silence.ended_by and now < silence.ends_at]
    forget_at = earliest(*(silence.ends_at + KEEP_ENDED_FOR + 1 for silence in after))
    # While a silence is in force, a minute bounds how long it outlives the outage that it was made for.
    again = now + MINUTE if live else forget_at
    changed = tuple(after) != controls.silences
    return SilenceUpdate(_next_version(controls, tuple(after)) if changed else controls, tuple(ending), again)


def _notice(silence: Silence) -> int:
    """Return how long before its end people hear of it (ms), 0 where nobody has to."""
    notice = min(REMIND_BEFORE_END, (silence.ends_at - silence.starts_at) // 4)
    # Whoever has silenced something for some minutes is still there.
    return notice if notice >= LEAST_NOTICE else 0


def _end_if_unneeded(silence: Silence, policy: SilencePolicy, now: int, *, fires: bool) -> Silence:
    # Update `last_matched_at` only occasionally, since every change rewrites all controls.
    matched_at = silence.last_matched_at
    if fires and (matched_at is None or now - matched_at >= policy.unmatched // 8):
        return msgspec.structs.replace(silence, last_matched_at=now)
    if fires:
        return silence
    # Its maker silenced one outage, and that is over: the next firing is news.
    if silence.until_resolved:
        return msgspec.structs.replace(silence, ends_at=now, ended_by="gateway: what it covered has ended")
    # A forgotten silence would hide the next outage; a recurring one is meant to match nothing for long.
    if (
        not silence.during
        and now - max(matched_at or silence.starts_at, silence.starts_at) >= policy.unmatched
    ):
        return msgspec.structs.replace(silence, ends_at=now, ended_by="gateway: it matched nothing for long")
    return silence


def _next_version(controls: Controls, silences: tuple[Silence, ...]) -> Controls:
    """Return the next version of the controls; silences that were just ended are marked with it."""
    version = controls.version + 1
    before = {silence.id: silence for silence in controls.silences}
    marked = tuple(
        msgspec.structs.replace(silence, version=version)
        if silence.ended_by != before[silence.id].ended_by
        else silence
        for silence in silences
    )
    return msgspec.structs.replace(controls, version=version, silences=marked)

"""Decide which silences people may change, for how long, and with whose consent."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from gateway.decisions.suppression.four_eyes import maker_of, why_no_second
from gateway.decisions.suppression.silence_request import wrong_end
from gateway.model.controls import Controls, Rejection, Silence
from gateway.model.people import Identity
from gateway.model.rules.silence_policy import SilencePolicy

MAX_SILENCES = 1_000  # ended ones included
MOST_NAMED = 5  # of the silences that may be meant

SilenceChange = Callable[[Silence, int], Silence | Rejection]


def extend(
    silence: Silence, by: Identity, ends_at: int, policy: SilencePolicy, now: int
) -> Silence | Rejection:
    """Return the silence with another end, earlier or later. The policy's `longest` counts from now."""
    if silence.ended_by or now >= silence.ends_at:
        return Rejection("silence", f"silence {silence.id} has ended", "make a new one")
    fault = wrong_end(max(now, silence.starts_at), ends_at, policy, recurring=bool(silence.during))
    if fault is not None:
        return fault
    # The second person approved the end that they saw; neither its maker alone, nor somebody whom nobody
    # knows, can keep critical alerts quiet for longer.
    alone = ends_at > silence.ends_at and why_no_second(maker_of(silence), by) is not None
    return msgspec.structs.replace(silence, ends_at=ends_at, approved_by="" if alone else silence.approved_by)


def approve(silence: Silence, by: Identity, now: int) -> Silence | Rejection:
    """Return the silence as approved by a second person; it may cover critical alerts from now on."""
    if silence.ended_by or now >= silence.ends_at:
        return Rejection("silence", f"silence {silence.id} has ended")
    return why_no_second(maker_of(silence), by) or msgspec.structs.replace(silence, approved_by=by.name)


def end(silence: Silence, by: str, now: int) -> Silence | Rejection:
    if silence.ended_by or now >= silence.ends_at:
        return Rejection("silence", f"silence {silence.id} has ended already")
    return msgspec.structs.replace(silence, ends_at=now, ended_by=by)


def silence_meant(controls: Controls, begun: str) -> Silence | Rejection:
    """Return the silence whose id begins so, as git finds its commits; the candidates where several do."""
    found = [silence for silence in controls.silences if begun and silence.id.startswith(begun)]
    whole = [silence for silence in found if silence.id == begun]
    if len(found) > 1 and not whole:
        named = [silence.described for silence in found[:MOST_NAMED]]
        more = [f"{len(found) - MOST_NAMED} more"] if len(found) > MOST_NAMED else []
        error = f"which? {', '.join((*named, *more))} begin with {begun}"
        return Rejection("silence", error, "give more of its characters")
    if not found:
        return Rejection(
            "silence", f"there is no silence {begun}", "ended ones are kept for 7 days", missing=True
        )
    return (whole or found)[0]


def change_silence(controls: Controls, name: str, change: SilenceChange, now: int) -> Controls | Rejection:
    """Return the next version of the controls, with the silence `name` changed."""
    known = silence_meant(controls, name)
    if isinstance(known, Rejection):
        return known
    changed = change(known, now)
    # What is pressed twice, or arrives twice, is done once.
    if changed == known:
        return controls
    return changed if isinstance(changed, Rejection) else with_silence(controls, changed, now)


def with_silence(controls: Controls, silence: Silence, now: int) -> Controls | Rejection:
    """Return the next version of the controls, with this silence new or changed.

    If there are too many, the silence that ended first makes room.
    """
    version = controls.version + 1
    others = [other for other in controls.silences if other.id != silence.id]
    if len(others) >= MAX_SILENCES:
        ended = sorted((other for other in others if other.ends_at <= now), key=lambda other: other.ends_at)
        # A silence in force never makes room for another: what it hides would page somebody at once.
        if not ended:
            return Rejection("silence", f"there are {MAX_SILENCES} silences already", "end some of them")
        others.remove(ended[0])
    marked = msgspec.structs.replace(silence, version=version)
    return msgspec.structs.replace(controls, version=version, silences=(*others, marked))

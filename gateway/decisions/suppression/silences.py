"""Decide which silences people may make and change, for how long, and with whose consent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec
import re2

from gateway.decisions.suppression.four_eyes import maker_of, why_no_second
from gateway.model.controls import Controls, Rejection, Silence
from gateway.model.durations import DAY
from gateway.model.matchers import Matcher, MatcherError, parse_matchers
from gateway.model.people import Identity
from gateway.model.rules.silence_policy import SilencePolicy

MAX_RECURRING_LENGTH = 366 * DAY
MAX_SILENCES = 1_000  # ended ones included
MOST_NAMED = 5  # of the silences that may be meant

SilenceChange = Callable[[Silence, int], Silence | Rejection]


NO_END = Rejection("ends_at", "a silence needs an end", "give ends_at, duration or until_resolved")


@dataclass(frozen=True, slots=True)
class SilenceRequest:
    """A silence as somebody asks for it.

    `starts_at` is None for now. `ends_at` is None for as long as the policy allows; only a silence
    `until_resolved` may leave its end open like that.
    """

    matchers: tuple[str, ...]
    by: str
    starts_at: int | None = None
    ends_at: int | None = None
    reason: str = ""
    ticket: str = ""
    during: tuple[str, ...] = ()
    until_resolved: bool = False
    person: bool = False  # `by` has shown a token of their own
    slack: str = ""  # the Slack user of `by` (`Identity`)


def propose(
    requested: SilenceRequest, name: str, policy: SilencePolicy, intervals: Iterable[str], now: int
) -> Silence | Rejection:
    """Return the silence, or the first objection of the policy or of common sense."""
    texts = _read_matchers(requested.matchers)
    if isinstance(texts, Rejection):
        return texts
    # With a start in the past the silence would seem to have hidden alerts of which people were told then.
    start = now if requested.starts_at is None else max(now, requested.starts_at)
    end = requested.ends_at
    # An alert that never ends must not be hidden for ever, so the policy's bound holds here too.
    if end is None and requested.until_resolved:
        end = start + policy.longest
    fault = (
        _wrong_words(requested, policy)
        or _wrong_hours(requested, intervals)
        or (NO_END if end is None else _wrong_end(start, end, policy, recurring=bool(requested.during)))
    )
    if fault is not None or end is None:
        return fault or NO_END
    return Silence(
        id=name,
        matchers=texts,
        starts_at=start,
        ends_at=end,
        by=requested.by,
        reason=requested.reason,
        ticket=requested.ticket,
        created_at=now,
        during=requested.during,
        until_resolved=requested.until_resolved,
        person=requested.person,
        slack=requested.slack,
    )


def _read_matchers(texts: Iterable[str]) -> tuple[str, ...] | Rejection:
    matchers: list[Matcher] = []
    for text in texts:
        try:
            matchers += parse_matchers(text)
        except MatcherError as error:
            remedy = 'write them as in Alertmanager: service="cart", severity=~"info|warning"'
            return Rejection("matchers", str(error), remedy)
    if all(matcher.matches({}) for matcher in matchers):
        return Rejection(
            "matchers",
            "the silence would hide every alert",
            "give a matcher that an empty value does not satisfy",
        )
    return tuple(map(str, matchers))


def _wrong_words(requested: SilenceRequest, policy: SilencePolicy) -> Rejection | None:
    if policy.reason_required and not requested.reason.strip():
        return Rejection(
            "reason",
            "a reason is required (policy.silences.reason)",
            "say why, for those who wonder at night",
        )
    if policy.ticket and re2.fullmatch(policy.ticket, requested.ticket) is None:
        return Rejection(
            "ticket", f"a ticket that looks like {policy.ticket} is required (policy.silences.ticket)"
        )
    return None


def _wrong_hours(requested: SilenceRequest, intervals: Iterable[str]) -> Rejection | None:
    known = list(intervals)
    for name in requested.during:
        if name not in known:
            return Rejection(
                "during",
                f"there is no time interval {name}",
                f"time_intervals has {', '.join(known) or 'none'}",
            )
    if requested.during and requested.until_resolved:
        return Rejection(
            "until_resolved",
            "a silence that comes again cannot end with what fires now",
            "leave out one of the two",
        )
    return None


def _wrong_end(start: int, end: int, policy: SilencePolicy, *, recurring: bool) -> Rejection | None:
    if end <= start:
        return Rejection("ends_at", "the end is not after the start, or is over already")
    longest = MAX_RECURRING_LENGTH if recurring else policy.longest
    if end - start > longest:
        return Rejection(
            "ends_at",
            f"a silence may last {_days(longest)} at most (policy.silences.longest)",
            "extend it when that time comes",
        )
    return None


def _days(length: int) -> str:
    return f"{length / DAY:g} days"


def extend(
    silence: Silence, by: Identity, ends_at: int, policy: SilencePolicy, now: int
) -> Silence | Rejection:
    """Return the silence with another end, earlier or later. The policy's `longest` counts from now."""
    if silence.ended_by or now >= silence.ends_at:
        return Rejection("silence", f"silence {silence.id} has ended", "make a new one")
    fault = _wrong_end(max(now, silence.starts_at), ends_at, policy, recurring=bool(silence.during))
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

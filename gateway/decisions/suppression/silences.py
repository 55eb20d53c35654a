"""Silence: what people may silence, for how long and with whose consent, and when it is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import msgspec
import re2

from gateway.decisions.calendar import Calendar
from gateway.decisions.controls import covers, state_of
from gateway.model.alert import Alert
from gateway.model.controls import Controls, Rejection, Silence, SilenceState
from gateway.model.durations import DAY, MINUTE
from gateway.model.matchers import Matcher, MatcherError, parse_matchers
from gateway.model.rules.silence_policy import SilencePolicy

KEPT = 7 * DAY  # how long an ended silence is shown
LONGEST_RECURRING = 366 * DAY
MOST = 1_000  # silences, ended ones included
REMINDED = 30 * MINUTE  # before its end, or in its last quarter where that is shorter

Change = Callable[[Silence, int], Silence | Rejection]


@dataclass(frozen=True, slots=True)
class SilenceRequest:
    """A silence as somebody asks for it. `ends_at` 0: as long as the policy allows, which only `until_resolved` may leave open."""

    matchers: tuple[str, ...]
    by: str
    starts_at: int = 0
    ends_at: int = 0
    reason: str = ""
    ticket: str = ""
    during: tuple[str, ...] = ()
    until_resolved: bool = False


def propose(
    requested: SilenceRequest, name: str, policy: SilencePolicy, intervals: Iterable[str], now: int
) -> Silence | Rejection:
    """The silence, or the first thing that the policy or common sense says against it."""
    texts = _read_matchers(requested.matchers)
    if isinstance(texts, Rejection):
        return texts
    start = max(now, requested.starts_at)
    end = requested.ends_at or (start + policy.longest if requested.until_resolved else 0)
    fault = (
        _wrong_words(requested, policy)
        or _wrong_hours(requested, intervals)
        or _wrong_end(start, end, policy, recurring=bool(requested.during))
    )
    if fault is not None:
        return fault
    return Silence(
        name, texts, start, end, requested.by, requested.reason, requested.ticket, now, requested.during, until_resolved=requested.until_resolved
    )  # fmt: skip


def _read_matchers(texts: Iterable[str]) -> tuple[str, ...] | Rejection:
    matchers: list[Matcher] = []
    for text in texts:
        try:
            matchers += parse_matchers(text)
        except MatcherError as error:
            return Rejection("matchers", str(error), 'write them as in Alertmanager: service="cart", severity=~"info|warning"')
    if all(one.matches({}) for one in matchers):
        return Rejection(
            "matchers", "the silence would hide every alert", "give a matcher that an empty value does not satisfy"
        )
    return tuple(map(str, matchers))


def _wrong_words(requested: SilenceRequest, policy: SilencePolicy) -> Rejection | None:
    if policy.reason_required and not requested.reason.strip():
        return Rejection("reason", "a reason is required (policy.silences.reason)", "say why, for those who wonder at night")
    if policy.ticket and re2.fullmatch(policy.ticket, requested.ticket) is None:
        return Rejection("ticket", f"a ticket that looks like {policy.ticket} is required (policy.silences.ticket)")
    return None


def _wrong_hours(requested: SilenceRequest, intervals: Iterable[str]) -> Rejection | None:
    known = list(intervals)
    for name in requested.during:
        if name not in known:
            return Rejection("during", f"there is no time interval {name}", f"time_intervals has {', '.join(known) or 'none'}")
    if requested.during and requested.until_resolved:
        return Rejection(
            "until_resolved", "a silence that comes again cannot end with what fires now", "leave out one of the two"
        )
    return None


def _wrong_end(start: int, end: int, policy: SilencePolicy, *, recurring: bool) -> Rejection | None:
    if not end:
        return Rejection("ends_at", "a silence needs an end", "give ends_at, a duration, or until_resolved")
    if end <= start:
        return Rejection("ends_at", "the end is not after the start, or is over already")
    longest = LONGEST_RECURRING if recurring else policy.longest
    if end - start > longest:
        return Rejection(
            "ends_at",
            f"a silence may last {_days(longest)} at most (policy.silences.longest)",
            "extend it when that time comes",
        )
    return None


def _days(length: int) -> str:
    return f"{length / DAY:g} days"


def extend(silence: Silence, by: str, ends_at: int, policy: SilencePolicy, now: int) -> Silence | Rejection:
    """With another end, earlier or later; `longest` counts from now. What its maker prolongs has to be approved again."""
    if silence.ended_by or now >= silence.ends_at:
        return Rejection("silence", f"silence {silence.id} has ended", "make a new one")
    fault = _wrong_end(max(now, silence.starts_at), ends_at, policy, recurring=bool(silence.during))
    if fault is not None:
        return fault
    alone = ends_at > silence.ends_at and by.casefold() == silence.by.casefold()
    return msgspec.structs.replace(silence, ends_at=ends_at, approved_by="" if alone else silence.approved_by)


def approve(silence: Silence, by: str, now: int) -> Silence | Rejection:
    """By a second person: it may cover critical alerts from now on."""
    if silence.ended_by or now >= silence.ends_at:
        return Rejection("silence", f"silence {silence.id} has ended")
    if by.casefold() == silence.by.casefold():
        return Rejection("by", "whoever makes a silence cannot approve it", "ask a second person")
    return msgspec.structs.replace(silence, approved_by=by)


def end(silence: Silence, by: str, now: int) -> Silence | Rejection:
    if silence.ended_by or now >= silence.ends_at:
        return Rejection("silence", f"silence {silence.id} has ended already")
    return msgspec.structs.replace(silence, ends_at=now, ended_by=by)


@dataclass(frozen=True, slots=True)
class Upkeep:
    """`ending`: soon over while alerts still fire under them. `look_at`: when to tend again, 0 for never."""

    controls: Controls
    ending: tuple[Silence, ...]
    look_at: int


def hides(silence: Silence, alert: Alert) -> bool:
    """Is a matching, firing alert of those that keep this silence from being over?"""
    return covers(silence, alert, alert.started_at, four_eyes=False)


def upkeep(
    controls: Controls, hidden: Mapping[str, Counter[str]], calendar: Calendar, policy: SilencePolicy, now: int
) -> Upkeep:
    """Ends what is over, forgets what ended long ago, and says what is about to end. `hidden`: by silence, the names of what fires."""
    after, ending = [], []
    for silence in controls.silences:
        if silence.ends_at + KEPT < now:
            continue
        if state_of(silence, calendar, now) in (SilenceState.ENDED, SilenceState.PENDING):
            after.append(silence)
            continue
        fires = bool(hidden.get(silence.id))
        upkept = _tend(silence, policy, now, fires=fires)
        after.append(upkept)
        if fires and now >= silence.ends_at - min(REMINDED, (silence.ends_at - silence.starts_at) // 4):
            ending.append(silence)
    live = [one for one in after if not one.ended_by and now < one.ends_at]
    again = now + MINUTE if live else min((one.ends_at + KEPT + 1 for one in after), default=0)
    changed = tuple(after) != controls.silences
    return Upkeep(_next(controls, tuple(after)) if changed else controls, tuple(ending), again)


def _tend(silence: Silence, policy: SilencePolicy, now: int, *, fires: bool) -> Silence:
    if fires and now - silence.last_matched_at >= policy.unmatched // 8:
        return msgspec.structs.replace(silence, last_matched_at=now)
    if fires:
        return silence
    if silence.until_resolved:
        return msgspec.structs.replace(silence, ends_at=now, ended_by="gateway: what it covered has ended")
    if not silence.during and now - max(silence.last_matched_at, silence.starts_at) >= policy.unmatched:
        return msgspec.structs.replace(silence, ends_at=now, ended_by="gateway: it matched nothing for long")
    return silence


def _next(controls: Controls, silences: tuple[Silence, ...]) -> Controls:
    """Whoever ended is marked as changed."""
    version = controls.version + 1
    before = {one.id: one for one in controls.silences}
    marked = tuple(
        msgspec.structs.replace(one, version=version) if one.ended_by != before[one.id].ended_by else one for one in silences
    )
    return msgspec.structs.replace(controls, version=version, silences=marked)


def change_silence(controls: Controls, name: str, change: Change, now: int) -> Controls | Rejection:
    """The next version of the orders, with one silence changed."""
    known = next((one for one in controls.silences if one.id == name), None)
    if known is None:
        return Rejection("silence", f"there is no silence {name}", "ended ones are kept for 7 days", missing=True)
    changed = change(known, now)
    return changed if isinstance(changed, Rejection) else with_silence(controls, changed, now)


def with_silence(controls: Controls, silence: Silence, now: int) -> Controls | Rejection:
    """The next version of the orders, with this silence new or changed; the oldest ended ones make room."""
    version = controls.version + 1
    others = [one for one in controls.silences if one.id != silence.id]
    if len(others) >= MOST:
        ended = sorted((one for one in others if one.ends_at <= now), key=lambda one: one.ends_at)
        if not ended:
            return Rejection("silence", f"there are {MOST} silences already", "end some of them")
        others.remove(ended[0])
    marked = msgspec.structs.replace(silence, version=version)
    return msgspec.structs.replace(controls, version=version, silences=(*others, marked))

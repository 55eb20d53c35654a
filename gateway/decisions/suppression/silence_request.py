"""Decide which silences people may ask for, and for how long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import re2

from gateway.model.controls import Rejection, Silence
from gateway.model.durations import DAY
from gateway.model.matchers import Matcher, MatcherError, parse_matchers
from gateway.model.rules.silence_policy import SilencePolicy

MAX_RECURRING_LENGTH = 366 * DAY
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
        or (NO_END if end is None else wrong_end(start, end, policy, recurring=bool(requested.during)))
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


def wrong_end(start: int, end: int, policy: SilencePolicy, *, recurring: bool) -> Rejection | None:
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

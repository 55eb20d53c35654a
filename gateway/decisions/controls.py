"""The orders in force, compiled: which silences match an alert, whether paging is paused, whether everything is told raw."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

import msgspec

from gateway.decisions.calendar import NEVER, Calendar
from gateway.decisions.rule_index import RuleIndex
from gateway.model.alert import Alert
from gateway.model.controls import Controls, Rejection, Silence, SilenceState, Switch
from gateway.model.durations import DAY, HOUR
from gateway.model.matchers import parse_matchers
from gateway.model.records import load_controls
from gateway.model.rules.route import Hours
from gateway.model.severity import Severity
from gateway.model.verdict import MemberStatus, Reason, Verdict

LONGEST_SWITCH = DAY


class CompiledControls:
    """One version of the orders; silences that somebody ended count only where `ended` says so."""

    def __init__(self, controls: Controls, *, ended: bool = False) -> None:
        self.controls = controls
        self._silences = [one for one in controls.silences if ended or not one.ended_by]
        self._index = RuleIndex(
            [tuple(parsed for text in one.matchers for parsed in parse_matchers(text)) for one in self._silences]
        )

    def matching(self, alert: Alert) -> list[Silence]:
        """Silences whose matchers hold for the alert, whatever the time."""
        return [self._silences[number] for number in self._index.matching(alert.labels)] if self._silences else []

    def bypass(self, now: int) -> Switch | None:
        return _standing(self.controls.bypass, now)

    def pause(self, now: int) -> Switch | None:
        return _standing(self.controls.pause, now)

    def paused(self, now: int) -> Verdict | None:
        """Of everything that would page."""
        one = self.pause(now)
        return (
            None
            if one is None
            else Verdict(MemberStatus.SUPPRESSED, Reason.PAUSED, f"pause by {one.by}", one.until, one.reason)
        )

    def silenced(self, alert: Alert, joined_at: int, calendar: Calendar, now: int, *, four_eyes: bool) -> Verdict | None:
        """By the silence that lasts longest, where there are several."""
        found = [one for one in self.matching(alert) if covers(one, alert, joined_at, four_eyes=four_eyes)]
        active = [one for one in found if state_of(one, calendar, now) is SilenceState.ACTIVE]
        if not active:
            return None
        one = max(active, key=lambda silence: (silence.ends_at, silence.id))
        until = min(one.ends_at, calendar.until(one.during, now))
        return Verdict(MemberStatus.SUPPRESSED, Reason.SILENCED, one.described, until, one.why)

    def next_change(self, alerts: Iterable[Alert], now: int) -> int:
        """When an order next begins or ends for one of these; `NEVER` where none does."""
        times = [one.until for one in (self.pause(now), self.bypass(now)) if one is not None]
        if self._silences:
            times += [time for alert in alerts for one in self.matching(alert) for time in (one.starts_at, one.ends_at)]
        return min((time for time in times if time > now), default=NEVER)


NO_CONTROLS = CompiledControls(Controls())


@lru_cache(maxsize=16)
def compile_controls(row: bytes) -> CompiledControls:
    """Of the store's row, which stays the same for long."""
    return CompiledControls(load_controls(row)) if row else NO_CONTROLS


def state_of(silence: Silence, calendar: Calendar, now: int) -> SilenceState:
    if silence.ended_by or now >= silence.ends_at:
        return SilenceState.ENDED
    if now < silence.starts_at:
        return SilenceState.PENDING
    return SilenceState.ACTIVE if calendar.holds(Hours(silence.during), now) else SilenceState.RESTING


def covers(silence: Silence, alert: Alert, joined_at: int, *, four_eyes: bool) -> bool:
    """May a silence that matches the alert keep this episode quiet, which joined its incident at `joined_at`?"""
    if silence.until_resolved and joined_at > silence.starts_at:
        return False
    return not four_eyes or bool(silence.approved_by) or alert.severity is not Severity.CRITICAL


def switch(controls: Controls, kind: Literal["pause", "bypass"], requested: Switch, now: int) -> Controls | Rejection:
    """The next version, with a pause or a bypass until `requested.until`, or without one where that is now or before."""
    standing = _standing(controls.pause if kind == "pause" else controls.bypass, now)
    if requested.until <= now and standing is None:
        return Rejection(kind, f"there is no {kind}", missing=True)
    if requested.until - now > LONGEST_SWITCH:
        return Rejection(
            "until", f"a {kind} may last {LONGEST_SWITCH // HOUR} h at most", "order it again when that time comes"
        )
    version = controls.version + 1
    begun = now if standing is None else standing.at
    made = msgspec.structs.replace(requested, at=begun, until=max(now, requested.until), version=version)
    return msgspec.structs.replace(controls, version=version, **{kind: made})


def _standing(switch: Switch | None, now: int) -> Switch | None:
    return switch if switch is not None and now < switch.until else None

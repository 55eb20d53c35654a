"""The controls, compiled: which silences match an alert, and whether a pause or a bypass is in force."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from functools import lru_cache
from typing import Literal

import msgspec

from gateway.decisions.calendar import Calendar
from gateway.decisions.rule_index import RuleIndex
from gateway.model.alert import Alert
from gateway.model.controls import Controls, Rejection, Silence, SilenceState, Switch
from gateway.model.durations import DAY, HOUR
from gateway.model.instants import earliest
from gateway.model.matchers import Matcher, parse_matchers
from gateway.model.records import load_controls
from gateway.model.rules.route import Hours
from gateway.model.severity import Severity
from gateway.model.verdict import MemberStatus, Reason, Verdict

MAX_SWITCH_LENGTH = DAY  # of a pause or a bypass
QUICK_STEPS = 2_000_000  # of patterns: a few milliseconds


class CompiledControls:
    """One version of the controls.

    Silences that somebody ended are left out, unless `ended` asks for them too. Their matchers are compiled
    when a silence is first looked for.
    """

    def __init__(self, controls: Controls, *, ended: bool = False) -> None:
        self.controls = controls
        self._silences = [silence for silence in controls.silences if ended or not silence.ended_by]
        self._index: RuleIndex | None = None

    def matching(self, alert: Alert) -> list[Silence]:
        """Return the silences whose matchers hold for the alert, whatever the time."""
        if not self._silences:
            return []
        return [self._silences[number] for number in self.compile().matching(alert.labels)]

    def quick(self, alerts: Iterable[Alert]) -> bool:
        """Return whether `matching` answers for all these alerts without holding up whoever asks."""
        if not self._silences:
            return True
        if self._index is None:
            return False
        return sum(self._index.cost(alert.labels) for alert in alerts) <= QUICK_STEPS

    @property
    def has_silences(self) -> bool:
        return bool(self._silences)

    @property
    def compiled(self) -> bool:
        return self._index is not None

    def compile(self) -> RuleIndex:
        """Return the index over the silences' matchers, which is made once."""
        if self._index is None:
            self._index = RuleIndex([_matchers_of(silence) for silence in self._silences])
        return self._index

    def bypass(self, now: int) -> Switch | None:
        return _in_force(self.controls.bypass, now)

    def without_bypass(self) -> CompiledControls:
        """Return the controls as they would be without a bypass."""
        usual = copy(self)  # with the same silences, which are compiled once
        usual.controls = msgspec.structs.replace(self.controls, bypass=None)
        return usual

    def pause(self, now: int) -> Switch | None:
        return _in_force(self.controls.pause, now)

    def paused(self, now: int) -> Verdict | None:
        """Return the verdict on everything that would page, None while paging is not paused."""
        pause = self.pause(now)
        if pause is None:
            return None
        return Verdict(
            MemberStatus.SUPPRESSED, Reason.PAUSED, f"pause by {pause.by}", pause.until, pause.reason
        )

    def silenced(
        self, alert: Alert, joined_at: int, calendar: Calendar, now: int, *, four_eyes: bool
    ) -> Verdict | None:
        """Return the verdict of the silence that covers the alert now; of several, the longest decides."""
        return next(self.silencing(alert, joined_at, calendar, now, four_eyes=four_eyes), None)

    def silencing(
        self, alert: Alert, joined_at: int, calendar: Calendar, now: int, *, four_eyes: bool
    ) -> Iterator[Verdict]:
        """Yield the verdict of each silence that covers the alert now, that of the longest first."""
        active = [
            silence
            for silence in self.matching(alert)
            if may_silence(silence, alert, joined_at, four_eyes=four_eyes)
            and state_of(silence, calendar, now) is SilenceState.ACTIVE
        ]
        for silence in sorted(active, key=lambda silence: (silence.ends_at, silence.id), reverse=True):
            until = earliest(silence.ends_at, calendar.until(silence.during, now))
            yield Verdict(MemberStatus.SUPPRESSED, Reason.SILENCED, silence.described, until, silence.why)

    def next_change(self, alerts: Iterable[Alert], now: int) -> int | None:
        """Return when a control next begins or ends for one of these alerts (ms), None if none does."""
        times = [switch.until for switch in (self.pause(now), self.bypass(now)) if switch is not None]
        if self._silences:
            silences = [silence for alert in alerts for silence in self.matching(alert)]
            times += [time for silence in silences for time in (silence.starts_at, silence.ends_at)]
        return earliest(*(time for time in times if time > now))


@lru_cache(maxsize=4096)
def _matchers(text: str) -> tuple[Matcher, ...]:
    """Compile a matcher; with each change of the controls nearly all stay what they were."""
    return parse_matchers(text)


def _matchers_of(silence: Silence) -> tuple[Matcher, ...]:
    return tuple(matcher for text in silence.matchers for matcher in _matchers(text))


NO_CONTROLS = CompiledControls(Controls())


@lru_cache(maxsize=16)
def compile_controls(row: bytes) -> CompiledControls:
    """Compile the store's row.

    Results are cached, since the row is read with each plan and rarely changes.
    """
    return CompiledControls(load_controls(row)) if row else NO_CONTROLS


@lru_cache(maxsize=4)
def changed_silences(row: bytes, version: int) -> CompiledControls:
    """Compile the silences of the store's row that were changed after a version, ended ones too.

    Results are cached, since whoever looks for what they concern may be interrupted, and begins again.
    """
    controls = compile_controls(row).controls
    silences = tuple(silence for silence in controls.silences if silence.version > version)
    return CompiledControls(Controls(silences=silences), ended=True)


def state_of(silence: Silence, calendar: Calendar, now: int) -> SilenceState:
    if silence.has_ended(now):
        return SilenceState.ENDED
    # One that began when it was made has begun, though the store's clock was set back since.
    if now < silence.starts_at and silence.starts_at != silence.created_at:
        return SilenceState.PENDING
    # A recurring silence rests outside its hours: what fires then is told.
    return SilenceState.ACTIVE if calendar.holds(Hours(silence.during), now) else SilenceState.RESTING


def may_silence(silence: Silence, alert: Alert, joined_at: int, *, four_eyes: bool) -> bool:
    """Return whether a silence that matches the alert may keep its episode quiet.

    The episode joined its incident at `joined_at` (ms).
    """
    # The silence was made for what fired then. This episode came later and may be another problem, so people
    # are told of it.
    if silence.until_resolved and joined_at > silence.starts_at:
        return False
    # With four eyes, one person alone cannot keep a critical alert from the people on call.
    return not four_eyes or bool(silence.approved_by) or alert.severity is not Severity.CRITICAL


def switch(
    controls: Controls, kind: Literal["pause", "bypass"], requested: Switch, now: int
) -> Controls | Rejection:
    """Return the next version of the controls, with a pause or a bypass until `requested.until`.

    An `until` that is not in the future ends the pause or bypass that is in force.
    """
    present = _in_force(controls.pause if kind == "pause" else controls.bypass, now)
    # Whoever lifts what is not in force should know that it changes nothing for the people on call.
    if requested.until <= now and present is None:
        return Rejection(kind, f"there is no {kind}", missing=True)
    # A forgotten pause would keep every page away, so each one ends by itself within a day.
    if requested.until - now > MAX_SWITCH_LENGTH:
        return Rejection(
            "until",
            f"a {kind} may last {MAX_SWITCH_LENGTH // HOUR} h at most",
            "order it again when that time comes",
        )
    version = controls.version + 1
    # A longer pause is still the same pause: people see since when nobody has been called.
    begun = now if present is None else present.at
    made = msgspec.structs.replace(requested, at=begun, until=max(now, requested.until), version=version)
    return msgspec.structs.replace(controls, version=version, **{kind: made})


def _in_force(switch: Switch | None, now: int) -> Switch | None:
    return switch if switch is not None and now < switch.until else None

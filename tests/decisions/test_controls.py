"""Silences, the pause and the bypass are in force at some times and not at others."""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.calendar import Calendar
from gateway.decisions.controls import (
    MAX_SWITCH_LENGTH,
    CompiledControls,
    compile_controls,
    may_silence,
    state_of,
    switch,
)
from gateway.model.controls import Controls, Rejection, Silence, SilenceState, Switch
from gateway.model.durations import DAY, HOUR, MINUTE
from gateway.model.records import dump
from gateway.model.severity import Severity
from gateway.model.time_intervals import TimeInterval
from gateway.model.verdict import MemberStatus, Reason, Verdict
from tests.decisions.cases import alert
from tests.support.build import START

MADE = Silence("s1", ('service="db"',), START, START + HOUR, "anna", reason="upgrade")
MORNING = {"morning": (TimeInterval.parse({"times": [{"start_time": "08:00", "end_time": "09:00"}]}),)}
RECURRING = msgspec.structs.replace(MADE, during=("morning",), ends_at=START + DAY)
CALENDAR = Calendar(MORNING)
PAUSE = Switch("anna", START, START + HOUR, "load test")


@pytest.mark.parametrize(
    ("silence", "at", "state"),
    [
        pytest.param(MADE, -MINUTE, SilenceState.PENDING, id="before its beginning"),
        pytest.param(MADE, 0, SilenceState.ACTIVE, id="from its first moment"),
        pytest.param(MADE, HOUR - 1, SilenceState.ACTIVE, id="to its last"),
        pytest.param(MADE, HOUR, SilenceState.ENDED, id="its end does not belong to it"),
        pytest.param(
            msgspec.structs.replace(MADE, ended_by="bob"), 0, SilenceState.ENDED, id="somebody ended it"
        ),
        pytest.param(RECURRING, 30 * MINUTE, SilenceState.ACTIVE, id="a recurring one inside of its hours"),
        pytest.param(RECURRING, 90 * MINUTE, SilenceState.RESTING, id="and outside of them"),
        pytest.param(
            msgspec.structs.replace(MADE, during=("gone",)),
            0,
            SilenceState.RESTING,
            id="hours that no rule names any more",
        ),
    ],
)
def test_the_state_follows_from_its_times(silence: Silence, at: int, state: SilenceState) -> None:
    assert state_of(silence, CALENDAR, START + at) is state


@pytest.mark.parametrize(
    ("silence", "joined", "severity", "four_eyes", "covered"),
    [
        pytest.param({}, 0, Severity.CRITICAL, False, True, id="whatever matches is covered"),
        pytest.param({}, 0, Severity.CRITICAL, True, False, id="with four eyes no critical alert"),
        pytest.param({}, 0, Severity.ERROR, True, True, id="but every other"),
        pytest.param(
            {"approved_by": "bob"},
            0,
            Severity.CRITICAL,
            True,
            True,
            id="and critical ones once it is approved",
        ),
        pytest.param(
            {"until_resolved": True},
            0,
            Severity.ERROR,
            False,
            True,
            id="until resolved: what fired when it began",
        ),
        pytest.param(
            {"until_resolved": True}, 1, Severity.ERROR, False, False, id="and nothing that came later"
        ),
    ],
)
def test_what_a_silence_that_matches_may_cover(
    silence: dict[str, object], joined: int, severity: Severity, four_eyes: bool, covered: bool
) -> None:
    made = msgspec.structs.replace(MADE, **silence)
    assert may_silence(made, alert(severity=severity), START + joined, four_eyes=four_eyes) is covered


def silenced(*silences: Silence, at: int = 0, service: str = "db") -> Verdict | None:
    controls = CompiledControls(Controls(1, silences))
    return controls.silenced(alert(service=service), START, CALENDAR, START + at, four_eyes=False)


def test_a_silenced_alert_names_the_silence_its_reason_and_its_end() -> None:
    assert silenced(MADE) == Verdict(
        MemberStatus.SUPPRESSED, Reason.SILENCED, "silence s1 by anna", START + HOUR, "upgrade"
    )
    assert silenced(MADE, service="web") is None
    assert silenced(MADE, at=HOUR) is None


def test_of_several_silences_the_one_that_lasts_longest_counts() -> None:
    longer = msgspec.structs.replace(MADE, id="s2", ends_at=START + 2 * HOUR)
    found = silenced(longer, MADE)
    assert found is not None
    assert (found.rule, found.until) == ("silence s2 by anna", START + 2 * HOUR)


def test_a_recurring_silence_is_looked_at_again_when_its_hours_are_over() -> None:
    found = silenced(RECURRING)
    assert found is not None
    assert found.until == START + HOUR


def test_a_silence_that_somebody_ended_matches_only_where_it_is_asked_for() -> None:
    controls = Controls(1, (msgspec.structs.replace(MADE, ended_by="bob"),))
    assert CompiledControls(controls).matching(alert(service="db")) == []
    assert len(CompiledControls(controls, ended=True).matching(alert(service="db"))) == 1


@pytest.mark.parametrize(
    ("at", "paused"),
    [pytest.param(HOUR - 1, True, id="while its time lasts"), pytest.param(HOUR, False, id="and no longer")],
)
def test_a_pause_says_by_whom_why_and_until_when(at: int, paused: bool) -> None:
    said = Verdict(MemberStatus.SUPPRESSED, Reason.PAUSED, "pause by anna", START + HOUR, "load test")
    assert CompiledControls(Controls(1, pause=PAUSE)).paused(START + at) == (said if paused else None)


@pytest.mark.parametrize(
    ("controls", "change"),
    [
        pytest.param(Controls(), None, id="nothing is in force"),
        pytest.param(Controls(1, pause=PAUSE), START + HOUR, id="a pause ends"),
        pytest.param(Controls(1, (msgspec.structs.replace(MADE, starts_at=START + MINUTE),)), START + MINUTE, id="a silence begins"),
        pytest.param(Controls(1, (msgspec.structs.replace(MADE, matchers=('a="b"',)),)), None, id="it is about other alerts"),
    ],
)  # fmt: skip
def test_when_a_control_next_begins_or_ends(controls: Controls, change: int | None) -> None:
    assert CompiledControls(controls).next_change([alert(service="db")], START) == change


def switched(controls: Controls, until: int, at: int = 0) -> Controls | Rejection:
    return switch(controls, "pause", Switch("bob", 0, START + until, "storm"), START + at)


def test_a_pause_begins_now_and_is_a_new_version() -> None:
    after = switched(Controls(4), HOUR)
    assert isinstance(after, Controls)
    assert (after.version, after.pause) == (5, Switch("bob", START, START + HOUR, "storm", 5))


def test_a_pause_that_is_drawn_out_has_begun_when_it_began() -> None:
    after = switched(Controls(4, pause=PAUSE), 2 * HOUR, at=30 * MINUTE)
    assert isinstance(after, Controls)
    assert after.pause is not None
    assert (after.pause.at, after.pause.until) == (START, START + 2 * HOUR)


def test_a_pause_that_is_lifted_ends_now() -> None:
    after = switched(Controls(4, pause=PAUSE), -START, at=MINUTE)
    assert isinstance(after, Controls)
    assert after.pause is not None
    assert after.pause.until == START + MINUTE
    assert CompiledControls(after).pause(START + MINUTE) is None


@pytest.mark.parametrize(
    ("until", "field", "missing"),
    [
        pytest.param(0, "pause", True, id="there is none to lift"),
        pytest.param(
            MAX_SWITCH_LENGTH + 1, "until", False, id="nobody may be left unpaged for more than a day"
        ),
    ],
)
def test_a_pause_that_cannot_be_says_why(until: int, field: str, missing: bool) -> None:
    found = switched(Controls(), until)
    assert isinstance(found, Rejection)
    assert (found.field, found.missing) == (field, missing)


def test_the_controls_of_a_store_are_compiled_once_and_nothing_is_none_at_all() -> None:
    row = dump(Controls(7, (MADE,)))
    assert compile_controls(row) is compile_controls(row)
    assert compile_controls(b"").controls == Controls()

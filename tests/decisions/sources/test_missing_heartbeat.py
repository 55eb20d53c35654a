"""Is a heartbeat missing, and what is to be said of it? Times in seconds; a look every 30 s, silence allowed
for 5 minutes.
"""

from __future__ import annotations

import pytest

from gateway.decisions.sources.missing_heartbeat import (
    HeartbeatCheck,
    HeartbeatFacts,
    check_heartbeat,
    labels_of,
)
from gateway.model.durations import MINUTE, SECOND
from gateway.model.rules.kinds import Watchdog
from gateway.model.rules.origin import Origin
from gateway.model.watchdog import WatchdogState
from tests.support.build import match

NOW = 1_000_000 * SECOND
EVERY = 5 * MINUTE
MATCH = match('{alertname="Watchdog", cluster="eu-1", team=~"a|b", severity="none", tenant=""}')
DOG = Watchdog("eu", Origin("a.yaml", 3), MATCH, EVERY, source="prom")
LABELS = {"cluster": "eu-1", "watchdog": "eu", "source": "prom"}


def ago(seconds: int) -> int:
    return NOW - seconds * SECOND


def watch(
    *, since: int = 3600, looked: int = 30, missing: int | None = None, said: bool = False
) -> WatchdogState:
    return WatchdogState(
        ago(since), ago(looked), ago(missing) if missing is not None else None, LABELS if said else {}
    )


def looked(
    before: WatchdogState | None,
    last: int | None,
    *,
    fires: bool = False,
    dog: Watchdog | None = DOG,
    in_force: bool = True,
) -> HeartbeatCheck:
    return check_heartbeat(
        dog, HeartbeatFacts(before, ago(last) if last is not None else None, fires), NOW, in_force=in_force
    )


@pytest.mark.parametrize(
    ("before", "last", "missing"),
    [
        pytest.param(None, None, None, id="what the rules have just named is given time"),
        pytest.param(None, 900, None, id="also where an old heartbeat is known"),
        pytest.param(
            watch(since=299), None, None, id="what never came is waited for as long as what came once"
        ),
        pytest.param(watch(since=300), None, NOW, id="and is missing then"),
        pytest.param(watch(), 299, None, id="silence that is allowed"),
        pytest.param(watch(), 300, NOW, id="silence that is too long"),
        pytest.param(watch(looked=60), 300, NOW, id="a look that is late is no gap"),
        pytest.param(watch(looked=61), 300, None, id="we were away ourselves: nobody's silence"),
        pytest.param(
            watch(looked=400, missing=500),
            900,
            ago(500),
            id="what was missing before we went is missing still",
        ),
        pytest.param(watch(looked=400, missing=500), 450, None, id="unless it came since"),
        pytest.param(watch(missing=500), 501, ago(500), id="missing since, and not heard since"),
        pytest.param(
            watch(missing=200),
            200,
            None,
            id="a heartbeat in the very millisecond of the judgement is newer than it",
        ),
        pytest.param(watch(missing=900), 301, NOW, id="it came, and is silent for too long again"),
    ],
)
def test_missing(before: WatchdogState | None, last: int | None, missing: int | None) -> None:
    after = looked(before, last).watch
    assert after is not None
    assert after.missing_since == missing


@pytest.mark.parametrize(
    ("before", "last", "fires", "says", "firing"),
    [
        pytest.param(watch(), 10, False, {}, False, id="all is well: nothing is said"),
        pytest.param(watch(), 300, False, LABELS, True, id="it is missing: said"),
        pytest.param(watch(missing=60, said=True), 400, True, {}, False, id="it was said: nothing more"),
        pytest.param(watch(missing=60, said=True), 400, False, LABELS, True, id="it was to be said, and somebody died: said now"),
        pytest.param(watch(missing=60, said=True), 5, True, LABELS, False, id="it came: the end is said"),
        pytest.param(watch(said=True), 5, True, LABELS, False, id="the end was to be said, and somebody died: said now"),
        pytest.param(watch(said=True), 5, False, {}, False, id="the end was said: nothing more"),
    ],
)  # fmt: skip
def test_what_is_said(
    before: WatchdogState, last: int, fires: bool, says: dict[str, str], firing: bool
) -> None:
    found = looked(before, last, fires=fires)
    assert (found.says, found.firing) == (says, firing)


def test_what_was_said_is_looked_at_again_at_once() -> None:
    assert looked(watch(), 300).look_at == NOW + 2 * SECOND


def test_the_next_look_is_when_the_silence_gets_too_long_and_half_a_minute_away_at_most() -> None:
    assert looked(watch(), 290).look_at == NOW + 10 * SECOND
    assert looked(watch(), 10).look_at == NOW + 30 * SECOND
    assert looked(watch(missing=60, said=True), 400, fires=True).look_at == NOW + 30 * SECOND


def test_out_of_force_nothing_is_missing_and_what_was_said_ends() -> None:
    found = looked(watch(missing=60, said=True), 400, fires=True, in_force=False)
    assert (found.says, found.firing) == (LABELS, False)
    assert found.watch == WatchdogState(NOW, NOW, None, LABELS)


def test_one_that_no_rule_names_ends_what_was_said_and_is_forgotten() -> None:
    found = looked(watch(missing=60, said=True), 400, fires=True, dog=None)
    assert (found.says, found.firing) == (LABELS, False)
    assert looked(found.watch, 400, dog=None) == HeartbeatCheck(None, None)


def test_other_labels_end_what_was_said_before_they_are_said() -> None:
    before = WatchdogState(ago(900), ago(30), ago(60), {**LABELS, "cluster": "eu-9"})
    first = looked(before, 400, fires=True)
    assert (first.says["cluster"], first.firing) == ("eu-9", False)
    second = looked(first.watch, 400)
    assert (second.says["cluster"], second.firing) == ("eu-1", True)


def test_it_has_the_labels_that_are_demanded_of_the_heartbeat_and_are_not_its_own() -> None:
    assert labels_of(DOG) == LABELS

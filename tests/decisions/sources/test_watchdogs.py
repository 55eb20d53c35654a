"""Watchdogs know which alerts are their heartbeats, and which ends wait for one."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from gateway.decisions.calendar import Calendar
from gateway.decisions.sources.watchdogs import MAX_RESOLVE_HOLD, Watchdogs
from gateway.model.alert import Alert, Copy
from gateway.model.durations import MINUTE
from gateway.model.rules.kinds import Watchdog
from gateway.model.rules.origin import Origin
from gateway.model.rules.rulebook import Rulebook
from gateway.model.severity import Severity
from gateway.model.verdict import MemberStatus, Reason
from tests.support.build import START, match, seen

DOG = Watchdog(
    "eu", Origin("a.yaml", 3), match("alertname=Watchdog"), 5 * MINUTE, source="prom", hold_resolves=True
)
ENDED = START + 10 * MINUTE


def watchdogs(*dogs: Watchdog) -> Watchdogs:
    return Watchdogs(Rulebook(watchdogs={one.name: one for one in dogs or (DOG,)}), Calendar({}))


def alert(copies: dict[str, Copy] | None = None, *, firing: bool = False, name: str = "Down") -> Alert:
    """It fired at START and ended at ENDED."""
    said = copies if copies is not None else {"prom/1": Copy(firing, START, None if firing else ENDED)}
    return Alert(
        id="a", labels={"alertname": name}, annotations={}, severity=Severity.WARNING, copies=said, episode=1, firing=firing,
        started_at=START, ended_at=None if firing else ENDED, held_until=None, incident="i", last_seen=ENDED, spoken_by="", source_url="",
    )  # fmt: skip


def record_heartbeat(**changed: object):  # type: ignore[no-untyped-def]
    return msgspec.structs.replace(seen("Watchdog"), **{"copy": "prom/1", **changed})


@pytest.mark.parametrize(
    ("observed", "heard"),
    [
        pytest.param(record_heartbeat(), ("eu",), id="a firing one"),
        pytest.param(record_heartbeat(firing=False), (), id="its end is none"),
        pytest.param(record_heartbeat(inferred_at=START), (), id="what we conclude ourselves is none"),
        pytest.param(record_heartbeat(copy="other/1"), (), id="another source's is none"),
        pytest.param(record_heartbeat(copy="prom2/1"), (), id="nor that of a source whose name begins alike"),
        pytest.param(record_heartbeat(labels={"alertname": "Else"}), (), id="another alert is none"),
    ],
)
def test_heartbeats(observed: object, heard: tuple[str, ...]) -> None:
    assert watchdogs().heard([observed]) == heard  # type: ignore[list-item]


def test_one_alert_may_be_the_heartbeat_of_several() -> None:
    assert watchdogs(DOG, replace(DOG, name="too")).heard([record_heartbeat(), record_heartbeat()]) == (
        "eu",
        "too",
    )


def test_a_heartbeat_is_suppressed_by_its_rule() -> None:
    verdict = watchdogs().heartbeat(alert(name="Watchdog", firing=True))
    assert verdict is not None
    assert (verdict.outcome, verdict.reason, verdict.rule) == (
        MemberStatus.SUPPRESSED,
        Reason.HEARTBEAT,
        "eu (a.yaml:3)",
    )
    assert watchdogs().heartbeat(alert({"other/1": Copy(True, START)}, name="Watchdog")) is None
    assert watchdogs().heartbeat(alert()) is None


AT, LATER = ENDED + MINUTE, ENDED + 5 * MINUTE


@pytest.mark.parametrize(
    ("one", "heartbeats", "waits"),
    [
        pytest.param(alert(), {"eu": ENDED - 1}, True, id="heard before its end"),
        pytest.param(alert(), {"eu": ENDED}, True, id="heard with its end"),
        pytest.param(alert(), {"eu": ENDED + 1}, False, id="heard after its end"),
        pytest.param(alert(), {}, True, id="never heard"),
        pytest.param(alert(firing=True), {}, False, id="it fires still"),
        pytest.param(alert({"other/1": Copy(False, START, ENDED)}), {}, False, id="another source's"),
        pytest.param(alert({"gateway/1": Copy(False, START, ENDED)}), {}, False, id="one of our own"),
        pytest.param(alert({"prom/1": Copy(False, START, START + 1), "other/1": Copy(False, START, ENDED)}), {}, True, id="both said that it fired"),
        pytest.param(alert({"prom/1": Copy(False, 1, START - 1), "other/1": Copy(False, START, ENDED)}), {}, False, id="the one had ended in a life before"),
        pytest.param(alert({"prom/1": Copy(False, START, None)}), {}, True, id="an end that is inferred has no time of its own"),
    ],
)  # fmt: skip
def test_ends_that_wait(one: Alert, heartbeats: dict[str, int], waits: bool) -> None:
    assert (watchdogs().waits_for(one, heartbeats, AT) is not None) is waits


def test_an_end_waits_for_all_that_hold_it() -> None:
    both = watchdogs(DOG, replace(DOG, name="too"), replace(DOG, name="idle", hold_resolves=False))
    assert both.waits_for(alert(), {"eu": LATER}, LATER) == replace(DOG, name="too")
    assert both.waits_for(alert(), {"eu": LATER, "too": LATER}, LATER) is None


def test_it_says_by_which_rule_and_waits_for_no_longer_than_a_day() -> None:
    verdict = watchdogs().resolve_held_by(alert(), {}, AT)
    assert verdict is not None
    assert (verdict.outcome, verdict.reason, verdict.rule) == (
        MemberStatus.HELD,
        Reason.HOLD_RESOLVES,
        "eu (a.yaml:3)",
    )
    assert verdict.until == ENDED + MAX_RESOLVE_HOLD
    assert watchdogs().resolve_held_by(alert(), {}, ENDED + MAX_RESOLVE_HOLD - 1) is not None
    assert watchdogs().resolve_held_by(alert(), {}, ENDED + MAX_RESOLVE_HOLD) is None

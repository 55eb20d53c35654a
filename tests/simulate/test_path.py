"""An explanation begins with what each step of the path made of the webhook, in one sentence a step."""

from __future__ import annotations

from dataclasses import replace

from gateway.intake.parse_webhook import Parsed
from gateway.model.durations import MINUTE
from gateway.model.quarantined import Quarantined
from gateway.model.rules.kinds import Maintenance
from gateway.model.rules.origin import BUILT_IN
from gateway.model.verdict import Outcome, Reason, Taken
from gateway.simulate.path import path_of
from tests.decisions.cases import alert, planned
from tests.support.build import START, rulebook, seen

WORK = Maintenance("upgrade", BUILT_IN, (), START, START + MINUTE)
STRAY = Quarantined("eu", "alerts[].labels", "not a mapping", b"{}")


def sentences(parsed: Parsed, *taken: Taken, **plans: object) -> dict[str, str]:
    return {step.step: step.found for step in path_of(parsed, taken, plans, START)}  # type: ignore[arg-type]


def test_each_step_says_how_many_became_what() -> None:
    opened = Taken("eu", Outcome.OPENED, Reason.FIRST_FIRING)
    repeated = Taken("eu", Outcome.REPEATED, Reason.STILL_FIRING)
    found = sentences(Parsed("eu", [seen(), seen()], [STRAY]), opened, repeated, i1=planned(alert()))
    assert found["receive"] == "3 alerts from source eu"
    assert found["normalise"] == "2 observations, 1 in quarantine"
    assert found["deduplicate"] == "1 opened, 1 repeated"
    assert found["correlate"] == "1 incident"
    assert found["route"] == "to chat, pager"
    assert found["seat"] == "chat sees 1; pager sees 1"
    assert "chat: first_notification in 10 s" in found["conclude"]


def test_what_keeps_members_quiet_is_counted_by_its_reason() -> None:
    rules = replace(rulebook(), maintenance=(WORK,))
    found = sentences(Parsed("eu", [seen()], []), i1=planned(alert(), rules=rules))
    assert found["suppress"] == "2 maintenance"
    assert found["resolve"] == "looked at again in 60 s"


def test_a_webhook_of_which_nothing_came_is_told_to_nobody() -> None:
    found = sentences(Parsed("eu", [], []))
    assert (found["deduplicate"], found["route"], found["suppress"]) == ("nothing", "to nobody", "nothing")
    assert found["resolve"] == "nothing changes by time alone"

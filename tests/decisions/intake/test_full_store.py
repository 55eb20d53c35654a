"""What a full store takes, decided row by row."""

from __future__ import annotations

import pytest

from gateway.decisions.intake.deduplicate import observe
from gateway.decisions.intake.full_store import NEW_ALERT_BYTES, taken_when_full
from gateway.model.alert import Alert, Observation
from tests.support.build import START, seen

ROOM = 10 * NEW_ALERT_BYTES


def note(**more: int) -> Observation:
    return seen("Note", severity="warning", **more)  # type: ignore[arg-type]


def held(*observations: Observation) -> Alert | None:
    alert: Alert | None = None
    for observation in observations:
        alert = observe(alert, observation, START)[0] or alert
    return alert


@pytest.mark.parametrize(
    ("held_as", "observation", "taken"),
    [
        pytest.param(None, seen(), True, id="a new critical alert"),
        pytest.param(None, note(), False, id="a new warning"),
        pytest.param(None, note(ends=5), True, id="an end of what nobody knows"),
        pytest.param(held(note()), note(), True, id="a repeat of a warning that fires"),
        pytest.param(held(note()), note(ends=5), True, id="its end"),
        pytest.param(held(note(), note(ends=5)), note(ends=5), True, id="an end that is known"),
        pytest.param(held(note(), note(ends=5)), note(at=9), False, id="a warning that fires again"),
        pytest.param(held(seen(), seen(ends=5)), seen(at=9), True, id="a critical alert that fires again"),
    ],
)
def test_what_is_taken(held_as: Alert | None, observation: Observation, taken: bool) -> None:
    kept, _ = taken_when_full([observation], {observation.alert: held_as}, {}, ROOM)
    assert bool(kept) is taken


def test_only_what_opens_costs_room_and_its_texts_count() -> None:
    alerts = {seen().alert: held(seen())}
    assert taken_when_full([seen(), seen(ends=5)], alerts, {}, 0) == ([seen(), seen(ends=5)], {})
    large = seen("Large", annotations={"text": "x" * 50_000})
    _, filled = taken_when_full([large], {}, {"default": 7}, 10 * ROOM)
    assert filled["default"] > 50_000 + NEW_ALERT_BYTES
    assert taken_when_full([large], {}, {}, 50_000) == ([], {})

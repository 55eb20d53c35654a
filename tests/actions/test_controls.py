"""People make silences, a pause and a bypass: each is written down with who ordered it, and looked at at
once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from gateway.actions.controls import ControlActions, PreviewedSilence
from gateway.decisions.policy import Policy
from gateway.decisions.suppression.silence_request import SilenceRequest
from gateway.errors import StateUnavailable
from gateway.model.agenda import NEW_CONTROLS, SILENCE_UPKEEP
from gateway.model.changes import Changes, CommitOutcome, Committed
from gateway.model.controls import Rejection, Silence, Switch
from gateway.model.durations import DAY, HOUR
from gateway.model.people import Identity
from gateway.model.rules.silence_policy import SilencePolicy
from gateway.state import commit
from gateway.state.shards import Shards
from gateway.storage.memory import MemoryStore
from tests.support.build import START, rulebook, seen
from tests.support.world import World


class Contended(MemoryStore):
    """A store in which others are quicker, `races` times."""

    races = 0

    async def commit(self, changes: Changes) -> Committed:
        if self.races:
            self.races -= 1
            return Committed(CommitOutcome.LOST, START)
        return await super().commit(changes)


@dataclass
class Desk:
    """The actions on a store by itself; `woken` counts how often the reconciler was woken."""

    policy: SilencePolicy = field(default_factory=SilencePolicy)
    store: Contended = field(default_factory=lambda: Contended(lambda: START))
    woken: int = 0

    def __post_init__(self) -> None:
        policy = Policy(replace(rulebook(), silences=self.policy))
        self.actions = ControlActions(Shards([self.store]), lambda: policy, self._wake)

    def _wake(self) -> None:
        self.woken += 1

    async def silenced(self) -> Silence:
        previewed = await self.actions.preview(
            SilenceRequest(('service="db"',), "anna", ends_at=START + HOUR, reason="CHG-1", person=True)
        )
        assert isinstance(previewed, PreviewedSilence)
        made = await self.actions.silence(previewed.silence)
        assert isinstance(made, Silence)
        return made

    @property
    def said(self) -> list[tuple[str, dict[str, object]]]:
        return [(entry.what, dict(entry.detail)) for _, entry in self.store.log]


async def test_a_silence_is_weighed_against_what_fires_and_made_by_nobody_yet() -> None:
    world = World()
    await world.webhook(seen("Down", service="db"), seen("Slow", service="web", severity="info"))
    previewed = await world.desk.preview(SilenceRequest(('service="db"',), "anna", ends_at=START + HOUR))
    assert isinstance(previewed, PreviewedSilence)
    assert (previewed.preview.firing, previewed.preview.firing_hidden) == (2, 1)
    assert previewed.warnings[0].startswith("it covers critical alerts")
    assert (await world.desk.held())[0].silences == ()


async def test_a_silence_that_may_not_be_says_which_field_is_wrong() -> None:
    found = await Desk().actions.preview(SilenceRequest(('service="db',), "anna", ends_at=START + HOUR))
    assert isinstance(found, Rejection)
    assert found.field == "matchers"


async def test_a_silence_that_is_made_is_logged_and_has_everything_concerned_looked_at() -> None:
    desk = Desk()
    made = await desk.silenced()
    (held,) = (await desk.actions.held())[0].silences
    assert (held.id, held.by, held.version) == (made.id, "anna", 1)
    assert desk.said == [
        ("silenced", {"silence": made.id, "by": "anna", "matchers": 'service="db"', "why": "CHG-1"})
    ]
    assert {NEW_CONTROLS, SILENCE_UPKEEP} <= set(desk.store.agenda_at)
    assert desk.woken == 1


async def test_a_silence_is_extended_approved_and_ended_by_whoever_does_so() -> None:
    desk = Desk(SilencePolicy(four_eyes=True))
    made = await desk.silenced()
    extended = await desk.actions.extend(made.id, Identity("anna"), START + 2 * HOUR)
    approved = await desk.actions.approve(made.id, Identity("bob", token=True))
    ended = await desk.actions.end(made.id, "carla")
    assert isinstance(extended, Silence)
    assert isinstance(approved, Silence)
    assert isinstance(ended, Silence)
    assert (extended.ends_at, approved.approved_by, ended.ended_by) == (START + 2 * HOUR, "bob", "carla")
    assert [(what, detail["by"]) for what, detail in desk.said[1:]] == [
        ("silence_extended", "anna"),
        ("silence_approved", "bob"),
        ("silence_ended", "carla"),
    ]


async def test_a_silence_that_is_not_there_is_missing_and_nothing_is_logged() -> None:
    desk = Desk()
    found = await desk.actions.end("gone", "carla")
    assert isinstance(found, Rejection)
    assert found.missing
    assert (desk.said, desk.woken) == ([], 0)


@pytest.mark.parametrize("kind", ["pause", "bypass"])
async def test_a_pause_or_a_bypass_stands_until_it_is_lifted(kind: str) -> None:
    desk = Desk()
    made = await desk.actions.switch(kind, "anna", START + HOUR, "load test")  # type: ignore[arg-type]
    assert isinstance(made, Switch)
    assert (made.by, made.at, made.until) == ("anna", START, START + HOUR)
    lifted = await desk.actions.switch(kind, "bob", None, "")  # type: ignore[arg-type]
    assert isinstance(lifted, Switch)
    assert lifted.until == START
    assert [(what, detail["by"]) for what, detail in desk.said] == [
        (f"{kind}_ordered", "anna"),
        (f"{kind}_lifted", "bob"),
    ]


async def test_a_pause_for_more_than_a_day_is_refused() -> None:
    found = await Desk().actions.switch("pause", "anna", START + DAY + 1, "")
    assert isinstance(found, Rejection)
    assert found.field == "until"


async def test_an_order_that_others_overtake_is_decided_again_and_logged_once() -> None:
    desk = Desk()
    desk.store.races = 2
    await desk.silenced()
    assert [what for what, _ in desk.said] == ["silenced"]


async def test_an_order_that_is_overtaken_without_end_was_not_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(commit, "FENCE_STEP_SECONDS", 0)  # the patience is the same, without its six seconds
    desk = Desk()
    desk.store.races = 1_000
    with pytest.raises(StateUnavailable):
        await desk.silenced()
    assert desk.said == []

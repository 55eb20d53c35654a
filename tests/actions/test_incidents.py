"""A person's action on an incident is written down with who did it, and the incident is planned at once."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from gateway.actions.incidents import IncidentActions
from gateway.errors import StateUnavailable
from gateway.model.changes import Changes, CommitOutcome, Committed
from gateway.model.durations import HOUR, MINUTE
from gateway.model.incident import Incident
from gateway.state import commit
from gateway.state.shards import Shards
from gateway.storage.memory import MemoryStore
from tests.support.build import START, seen, someone
from tests.support.world import World


@dataclass
class Desk:
    """The actions in a whole gateway; `woken` counts how often the reconciler was woken."""

    world: World = field(default_factory=World)
    woken: int = 0

    def __post_init__(self) -> None:
        self.actions = IncidentActions(Shards([self.world.store]), self._wake)

    def _wake(self) -> None:
        self.woken += 1

    async def fires(self) -> str:
        """The id of an incident of which everybody was told."""
        await self.world.webhook(seen())
        await self.world.until(MINUTE)
        (incident,) = self.world.incidents
        return incident.id

    @property
    def said(self) -> list[tuple[str, object]]:
        people = ("acknowledged", "unacknowledged", "closed_by_hand")
        return [(entry.what, entry.detail["by"]) for _, entry in self.world.store.log if entry.what in people]


async def test_an_acknowledgement_is_on_the_timeline_and_told_at_once() -> None:
    desk = Desk()
    incident = await desk.fires()
    after = await desk.actions.acknowledge(incident, someone("ann"))
    assert isinstance(after, Incident)
    assert after.acknowledged is not None
    assert after.acknowledged.by == "ann"
    await desk.world.settle()
    notifications = [sent.notification for sent in desk.world.slack.sent if sent.notification is not None]
    assert [notification.acknowledged_by for notification in notifications] == ["", "ann"]
    assert (desk.said, desk.woken) == ([("acknowledged", "ann")], 1)


async def test_an_acknowledgement_is_taken_back_and_a_close_says_for_how_long() -> None:
    desk = Desk()
    incident = await desk.fires()
    await desk.actions.acknowledge(incident, someone("ann"))
    back = await desk.actions.unacknowledge(incident, someone("bob"))
    closed = await desk.actions.close(incident, someone("carla"), "known", HOUR)
    assert isinstance(back, Incident)
    assert isinstance(closed, Incident)
    assert back.acknowledged is None
    assert closed.closed is not None
    assert (closed.closed.until, closed.closed.note) == (START + MINUTE + HOUR, "known")
    assert desk.said == [("acknowledged", "ann"), ("unacknowledged", "bob"), ("closed_by_hand", "carla")]


async def test_what_cannot_be_done_is_a_sentence_and_what_is_not_there_is_none() -> None:
    desk = Desk()
    incident = await desk.fires()
    assert (
        await desk.actions.unacknowledge(incident, someone("ann")) == "nobody has acknowledged the incident"
    )
    assert await desk.actions.acknowledge("gone", someone("ann")) is None
    assert (desk.said, desk.woken) == ([], 0)


class Contended(MemoryStore):
    """A store in which others are always quicker once it is `busy`."""

    busy = False

    async def commit(self, changes: Changes) -> Committed:
        return Committed(CommitOutcome.LOST, START) if self.busy else await super().commit(changes)


async def test_an_action_that_is_overtaken_without_end_was_not_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(commit, "FENCE_STEP_SECONDS", 0)  # the patience is the same, without its six seconds
    desk = Desk()
    incident = await desk.fires()
    busy = Contended(lambda: START)
    busy.rows = desk.world.store.rows
    busy.busy = True
    with pytest.raises(StateUnavailable):
        await IncidentActions(Shards([busy]), lambda: None).acknowledge(incident, someone("ann"))
    assert desk.said == []

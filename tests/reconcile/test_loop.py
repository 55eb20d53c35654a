"""The loop finishes what it has claimed, and leaves the rest to others."""

from __future__ import annotations

import asyncio

import pytest

from gateway.decisions.intake.correlate import Correlator
from gateway.intake.group_commit import Intake
from gateway.model.agenda import Subject
from gateway.model.changes import Changes, Claimed
from gateway.model.durations import HOUR
from gateway.model.lanes import LaneRule
from gateway.model.rules.destination import Destination
from gateway.model.rules.origin import BUILT_IN, SecretName
from gateway.model.rules.route import Route
from gateway.reconcile import Reconciler
from gateway.reconcile.loop import UNKNOWN_WAIT, rate_limit_key
from gateway.storage.memory import MemoryStore
from tests.support.build import START, pager, rulebook, seen, slack, webhook
from tests.support.world import World


class Late(MemoryStore):
    """A claim that is answered only after the end was asked for."""

    reconciler: Reconciler

    async def claim(self, limit: int, lease: int, lanes: LaneRule) -> Claimed:
        found = await super().claim(limit, lease, lanes)
        if found.claims:
            self.reconciler.stop()
        return found


async def test_what_was_claimed_when_the_end_came_is_finished_and_no_lease_is_left() -> None:
    world = World(rulebook(Route("everything", BUILT_IN, notify=("chat",), group_wait=0)))
    store = Late(lambda: START)
    world.reconciler.context.store = store
    store.reconciler = world.reconciler
    intake = Intake(store, Correlator(rulebook()), woken=lambda: None, taken=lambda *_: None)
    await intake.accept([seen()], [])
    await asyncio.wait_for(world.reconciler.run(), 5)
    assert not store._agenda._leases


async def test_a_subject_of_a_kind_that_only_a_newer_gateway_knows_is_left_to_it() -> None:
    world = World()
    newer = Subject("digest", "weekly")
    await world.store.commit(Changes(agenda={newer: (START, 0)}))
    await world.settle()
    assert world.store.agenda_at[newer] == START + UNKNOWN_WAIT
    assert world.watcher.failures == []


async def test_a_subject_that_fails_again_and_again_backs_off_and_is_an_alert_of_our_own_in_the_end() -> None:
    world = World()
    world.forgives = True
    world.slack.stumbles_over = "HighErrorRate"
    await world.webhook(seen())
    await world.until(HOUR)
    assert ("GatewayStuck", {"subject": "deliver:chat"}) in world.reports
    assert len(world.watcher.failures) < 100
    assert world.pagerduty.sent, "whatever goes wrong with one delays no other"


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        pytest.param(slack("a", "C1"), slack("b", "C1"), True, id="two destinations that are one channel"),
        pytest.param(slack("a", "C1"), slack("b", "C2"), False, id="two channels of one bot"),
        pytest.param(slack("a", "C1"), slack("b", "C1", token=SecretName("B")), False, id="one channel of two bots"),
        pytest.param(pager("a"), pager("b"), True, id="two destinations with one routing key"),
        pytest.param(webhook("a"), webhook("b", "OTHER_URL"), False, id="two receivers"),
    ],
)
def test_which_destinations_share_a_pace(one: Destination, other: Destination, shared: bool) -> None:
    assert (rate_limit_key(one) == rate_limit_key(other)) is shared

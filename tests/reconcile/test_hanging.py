"""Which lanes gave no answer, and how long that is held against them."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from gateway.model.durations import MINUTE
from gateway.model.ledger import MessageRef
from gateway.model.notification import Delivered, Found, Look, Refused, Unanswered
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from gateway.reconcile.hanging import SLOW, hangs
from tests.support.build import rulebook, seen
from tests.support.world import World

REF = MessageRef("1.1", "C1")


@pytest.mark.parametrize(
    ("answer", "took", "hanging"),
    [
        pytest.param(Unanswered("timeout"), 0, True, id="no answer in time"),
        pytest.param(Refused("unavailable"), 10, False, id="a connection that is refused at once"),
        pytest.param(Refused("unavailable"), SLOW, True, id="a connection that hangs"),
        pytest.param(Unanswered("cut"), 10, False, id="a connection that broke at once"),
        pytest.param(Unanswered("server_error"), 10, False, id="an error is an answer"),
        pytest.param(Delivered(REF), 60_000, False, id="an answer that takes long is one"),
        pytest.param(Found({}), 60_000, False, id="a look that takes long"),
    ],
)
def test_what_is_no_answer(answer: Delivered | Look, took: int, *, hanging: bool) -> None:
    assert hangs(answer, took) is hanging


async def test_a_lane_hangs_from_a_send_without_an_answer_to_the_next_answer() -> None:
    world = World(rulebook(Route("everything", BUILT_IN, page=("pager",), group_wait=0)))
    world.pagerduty.answers = [Unanswered("timeout")]
    await world.webhook(seen())
    context = world.reconciler.context
    assert context.hanging == {"pager"}
    assert world.reconciler.lanes().hanging == {"pager"}
    await world.until(MINUTE)
    assert context.hanging == set()
    assert len(world.pagerduty.attempts) == 2


async def test_a_read_back_that_is_refused_is_seen_by_default() -> None:
    world = World(rulebook(Route("everything", BUILT_IN, notify=("chat",), group_wait=0)))
    world.slack.answers, refusals = [Unanswered("cut")], [Refused("rate_limited")]
    world.slack.cannot_look = lambda: refusals.pop() if refusals else None
    with capture_logs() as lines:
        await world.webhook(seen())
        await world.until(MINUTE)
    said = [
        (line["call"], line["answer"], line["log_level"])
        for line in lines
        if line["event"] == "vendor_answered"
    ]
    assert said[:2] == [("notify", "unanswered", "debug"), ("look", "refused", "warning")]

"""Intake, plan and deliver against a simple model: whatever happens in whatever order, the books balance at
every step, and in the end everybody who was told is told that it is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from gateway.actions.incidents import IncidentActions
from gateway.model.changes import Table
from gateway.model.durations import DAY, HOUR, MINUTE, SECOND
from gateway.model.ledger import NotifiedState
from gateway.model.notification import Found, Look, Refused, Unanswered
from gateway.model.refusals import refuses_for_now
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Condition, PageWhen, Quantifier, Route
from gateway.model.severity import Severity
from tests.support.build import pager, rulebook, seen, slack, someone
from tests.support.world import World

PODS = st.sampled_from(["a", "b", "c", "d"])
REPLICAS = st.sampled_from(["", "x", "y"])
WORDS = {"a": "critical", "b": "warning", "c": "info", "d": "critical"}

REFUSED_UNTIL_MENDED = [
    None,
    Refused("not_found", "not_in_channel", permanent=True),
    Refused("auth", "token_revoked", permanent=True),
    Refused("proxy", "HTTP 407", permanent=True),
    Refused("gone", "message_not_found", gone=True),
    Refused("uneditable", "cant_update_message", gone=True),
]

PLAIN = rulebook(destinations=(slack(), pager(fallback=("chat",))))
CHOOSY = rulebook(
    Route("everything", BUILT_IN, notify=("chat",), page=("pager",), page_when=PageWhen(Quantifier.ANY, (Condition(alerts=2), Condition(severity=Severity.CRITICAL))), resolve_after=2 * MINUTE),
    destinations=(slack(), pager(fallback=("chat",))),
)  # fmt: skip
CHAT_ONLY = rulebook(Route("everything", BUILT_IN, notify=("chat",)), destinations=(slack(),))


class Everything(RuleBasedStateMachine):
    """`World.settle` asserts the four identities after each step."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world = World(PLAIN)
        self.firing: dict[tuple[str, str], int] = {}

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @initialize()
    def begin(self) -> None:
        self.actions = IncidentActions(self.world.shards, lambda: None)

    @rule(pod=PODS, replica=REPLICAS)
    def fire(self, pod: str, replica: str) -> None:
        start = self.firing.setdefault((pod, replica), self.world.at)
        self.do(self.world.webhook(seen(at=start, pod=pod, replica=replica, severity=WORDS[pod])))

    @rule(pod=PODS, replica=REPLICAS)
    def end(self, pod: str, replica: str) -> None:
        start = self.firing.pop((pod, replica), None)
        if start is not None:
            self.do(self.world.until(self.world.at + 1))
            self.do(
                self.world.webhook(
                    seen(at=start, ends=self.world.at, pod=pod, replica=replica, severity=WORDS[pod])
                )
            )

    @rule(seconds=st.integers(1, 400))
    def wait(self, seconds: int) -> None:
        self.do(self.world.until(self.world.at + seconds * SECOND))

    @rule(acts=st.booleans(), count=st.integers(1, 3), where=st.sampled_from(["slack", "pagerduty"]))
    def answers_get_lost(self, acts: bool, count: int, where: str) -> None:
        vendor = getattr(self.world, where)
        vendor.acts_though_unanswered = acts
        vendor.answers += [Unanswered("timeout")] * count

    @rule(where=st.sampled_from(["slack", "pagerduty"]), permanent=st.booleans())
    def a_vendor_refuses(self, where: str, permanent: bool) -> None:
        getattr(self.world, where).answers.append(
            Refused("invalid" if permanent else "rate_limited", permanent=permanent, retry_after=3_000)
        )

    @rule(where=st.sampled_from(["slack", "pagerduty"]), down=st.booleans())
    def a_vendor_goes_away_or_comes_back(self, where: str, down: bool) -> None:
        getattr(self.world, where).down = down

    @rule(
        look=st.sampled_from([Unanswered("timeout"), Refused("rate_limited", retry_after=30_000), Found({})]),
        seconds=st.integers(1, 4_000),
    )
    def read_backs_fail(self, look: Look, seconds: int) -> None:
        """Or find nothing of what is there, for a while."""
        ends = self.world.at + seconds * SECOND
        self.world.slack.cannot_look = lambda: look if self.world.at < ends else None

    @rule(
        where=st.sampled_from(["slack", "pagerduty"]),
        to=st.sampled_from(["refuses", "refuses_edits", "refuses_replies", "refuses_withdrawals"]),
        answer=st.sampled_from(REFUSED_UNTIL_MENDED),
    )
    def a_destination_refuses_until_it_is_mended(self, where: str, to: str, answer: Refused | None) -> None:
        setattr(getattr(self.world, where), to, answer)

    @rule(rules=st.sampled_from([PLAIN, CHOOSY, CHAT_ONLY]))
    def rules_are_reloaded(self, rules: Any) -> None:
        self.world.use(rules)
        self.do(self.world.replan())

    @rule(how=st.sampled_from(["acknowledge", "unacknowledge", "close"]))
    def somebody_acts(self, how: str) -> None:
        for incident in self.world.incidents[-1:]:
            if how == "acknowledge":
                self.do(self.actions.acknowledge(incident.id, someone("ann")))
            elif how == "unacknowledge":
                self.do(self.actions.unacknowledge(incident.id, someone("ann")))
            else:
                self.do(self.actions.close(incident.id, someone("ann"), "", 20 * MINUTE))
            self.do(self.world.settle())

    def teardown(self) -> None:
        try:
            self.do(self.finish())
        finally:
            self.loop.close()

    async def finish(self) -> None:
        """All is well again: every end is told, or is a dead letter that says so."""
        world = self.world
        for vendor in (world.slack, world.pagerduty):
            vendor.down, vendor.answers, vendor.cannot_look = False, [], lambda: None
            vendor.refuses = vendor.refuses_edits = vendor.refuses_replies = vendor.refuses_withdrawals = None
        for (pod, replica), start in self.firing.items():
            world.at += 1
            await world.webhook(seen(at=start, ends=world.at, pod=pod, replica=replica, severity=WORDS[pod]))
        await world.until(world.at + 3 * HOUR)
        for ledger in world.ledgers_everywhere:
            assert not refuses_for_now(ledger.dead), f"{ledger.target} takes everything again"
            if not ledger.dead:
                assert not any(ledger.last_notified.members.values()), (
                    f"{ledger.target} was told firing and never told the end"
                )
                assert ledger.last_notified.state is not NotifiedState.FIRING
                # Each vendor numbers its own messages, so a page may have the reference of a message in Slack.
                if ledger.target == "chat":
                    assert ledger.message_ref not in world.slack.withdrawn, "of two messages one stays"
        counted = world.store.counted
        assert (
            counted.get("standing:ends_due", 0)
            == counted.get("standing:due", 0)
            == counted.get("standing:held", 0)
            == 0
        )
        assert counted.get("open:counted", 0) == 0
        await world.until(world.at + 8 * DAY)
        left = {
            table: len(rows)
            for table, rows in world.store.rows.items()
            if rows and table not in (Table.META, Table.EVENTS)
        }
        assert not left, "what ended is forgotten after seven days"


class EverythingAtLength(Everything):
    """The same machine, for longer."""


def some(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


TestEverything = Everything.TestCase
TestEverything.settings = some(40, 25)
TestEverythingAtLength = pytest.mark.long(minutes=2)(EverythingAtLength.TestCase)
TestEverythingAtLength.settings = some(1_000, 50)

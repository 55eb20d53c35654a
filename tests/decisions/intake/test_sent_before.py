"""What Alertmanager's `notification_reason` (0.32 and newer) adds: a firing that was sent before, and did not come here."""

from __future__ import annotations

import json

import msgspec
import pytest

from gateway.decisions.intake.deduplicate import observe
from gateway.decisions.intake.normalise import Normaliser
from gateway.intake.parse_webhook import parse
from gateway.model.rules.rulebook import LabelRules
from gateway.model.verdict import Outcome, Reason
from tests.support.build import START, rulebook, seen
from tests.support.world import World

DOWN = {"labels": {"alertname": "Down"}, "status": "firing", "startsAt": "2026-11-23T10:00:00Z"}
OVER = {"labels": {"alertname": "Over"}, "status": "resolved", "startsAt": "2026-11-23T10:00:00Z"}
SENT_BEFORE = msgspec.structs.replace(seen(), sent_before=True)


def sent_before(reason: object, *more: object) -> list[bool]:
    """Return of each alert of a webhook with this reason whether it was sent before."""
    body = {"groupKey": "{}:{}", "notification_reason": reason, "alerts": [DOWN, OVER, *more]}
    parsed = parse(json.dumps(body).encode(), Normaliser(LabelRules()), START)
    return [observation.sent_before for observation in parsed.seen]


class TestNotificationReason:
    @pytest.mark.parametrize(
        "reason", ["repeat interval elapsed", "some alerts resolved", "all alerts resolved"]
    )
    def test_what_fires_in_a_webhook_that_brings_no_new_firing_was_sent_before(self, reason: str) -> None:
        assert sent_before(reason) == [True, False]

    @pytest.mark.parametrize(
        "reason", ["first notification", "new alerts added", "none", "unknown", "of a later release", ""]
    )
    def test_any_other_reason_says_nothing(self, reason: str) -> None:
        assert sent_before(reason) == [False, False]

    def test_it_is_read_beside_what_is_odd_in_the_body(self) -> None:
        assert sent_before("repeat interval elapsed", {"labels": "none"}) == [True, False]

    def test_a_reason_that_is_no_text_says_nothing(self) -> None:
        assert sent_before({"code": 3}) == [False, False]


class TestSentBefore:
    def test_an_alert_that_is_new_here_is_opened_for_that_reason(self) -> None:
        _, outcome, reason = observe(None, SENT_BEFORE, START)
        assert (outcome, reason) == (Outcome.OPENED, Reason.SENT_BEFORE)

    def test_a_repeat_of_what_is_known_stays_a_repeat(self) -> None:
        alert, *_ = observe(None, seen(), START)
        _, outcome, reason = observe(alert, SENT_BEFORE, START + 1_000)
        assert (outcome, reason) == (Outcome.REPEATED, Reason.STILL_FIRING)

    async def test_the_timeline_says_since_when_nobody_heard_of_it(self) -> None:
        world = World(rulebook())
        await world.webhook(SENT_BEFORE)
        (line,) = [entry for _, entry in world.store.log if entry.what == "sent_before"]
        assert line.subject == world.incidents[0].id
        assert (line.detail["source"], line.detail["starts_at"]) == ("default", "2027-01-15T08:00:00Z")

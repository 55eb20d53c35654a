"""Where a destination has no credential, the log says loudly what would have been sent."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from gateway.model.ledger import Endpoint, MessageRef, Note, NotifiedState
from gateway.model.notification import Delivered, Found
from gateway.outbound.log import LogNotifier
from gateway.sandbox import PagerDutySandbox
from tests.outbound.notifications import notification

PAGER = Endpoint("pagerduty", "pager", "PAGERDUTY_ROUTING_KEY", "")


@pytest.fixture
async def pagerduty() -> AsyncIterator[PagerDutySandbox]:
    async with PagerDutySandbox.start() as vendor:
        yield vendor


async def test_without_a_credential_it_stands_in_the_log_loudly() -> None:
    with capture_logs() as said:
        answer = await LogNotifier().notify(PAGER, "", notification(), attempt="a", message_ref=None)
    assert answer == Delivered(MessageRef("log-a"))
    assert (said[0]["log_level"], said[0]["remedy"]) == ("warning", "set PAGERDUTY_ROUTING_KEY")
    assert said[0]["title"] == "HighErrorRate · pay"


async def test_the_log_keeps_what_it_was_told_as() -> None:
    log, message_ref = LogNotifier(), MessageRef("log-a")
    with capture_logs() as said:
        assert await log.notify(
            PAGER, "", notification(state=NotifiedState.ENDED), attempt="b", message_ref=message_ref
        ) == Delivered(message_ref)
        assert await log.reply(
            PAGER, "", (Note("Resolved"),), attempt="c", message_ref=message_ref, edits=None, mentions=()
        ) == Delivered(message_ref)
    assert [one.get("said") for one in said] == [None, ["Resolved"]]
    assert await log.look(PAGER, "", attempts=("a",), since=0, message_ref=None) == Found({})
    assert await log.withdraw(PAGER, "", message_ref) == Delivered(message_ref)

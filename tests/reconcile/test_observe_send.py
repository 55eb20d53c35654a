"""The log says of each send what became of it, and never that something was delivered which only it was told."""

from __future__ import annotations

import asyncio

from structlog.testing import capture_logs

from tests.support.processes import alert
from tests.support.running_gateway import Starter

COUNTED = 'gateway_deliveries_total{destination="pager",outcome="log_only"}'


async def test_what_only_the_log_was_told_is_not_called_delivered(starter: Starter) -> None:
    starter.more = {"SLACK_BOT_TOKEN": "", "PAGERDUTY_ROUTING_KEY": ""}
    app = await starter.start()
    with capture_logs() as lines:
        await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z"))
        await app.until(lambda: any(line["event"] == "told_in_log" for line in lines))
        # The line stands in the log before the send is settled, and a send is counted when it is settled.
        while COUNTED not in (shown := (await app.ask("/metrics")).text):
            await asyncio.sleep(0.02)
    assert 'outcome="delivered"' not in shown
    assert 'gateway_notifications_total{reason="first_notification"} 0.0' in shown
    told = [
        line["event"]
        for line in lines
        if line["event"] in ("not_sent_no_credential", "told_in_log", "delivered")
    ]
    assert "delivered" not in told
    assert told.index("not_sent_no_credential") < told.index("told_in_log")

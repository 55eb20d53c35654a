"""The log says of each send what became of it, and never that something was delivered which only it was told."""

from __future__ import annotations

from structlog.testing import capture_logs

from tests.support.processes import alert
from tests.support.running_gateway import Starter


async def test_what_only_the_log_was_told_is_not_called_delivered(starter: Starter) -> None:
    starter.more = {"SLACK_BOT_TOKEN": "", "PAGERDUTY_ROUTING_KEY": ""}
    app = await starter.start()
    with capture_logs() as lines:
        await app.webhook(alert("pay", starts="2026-11-23T10:00:00Z"))
        await app.until(lambda: any(line["event"] == "told_in_log" for line in lines))
    told = [
        line["event"]
        for line in lines
        if line["event"] in ("not_sent_no_credential", "told_in_log", "delivered")
    ]
    assert "delivered" not in told
    assert told.index("not_sent_no_credential") < told.index("told_in_log")

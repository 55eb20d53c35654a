"""What the local PagerDuty was told of a page."""

from __future__ import annotations

from gateway.sandbox.pagerduty import Incident as Paged


def leads_to_slack(page: Paged) -> bool:
    """Return whether PagerDuty was told where the message is, which it is once that stands in Slack."""
    return any("'slack'" in str(entry.event) for entry in page.log if entry.kind == "trigger")

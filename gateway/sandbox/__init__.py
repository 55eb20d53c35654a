"""A local Slack, a local PagerDuty and a local receiver of webhooks that behave like real ones, for `gateway demo` and the tests."""

from __future__ import annotations

from gateway.sandbox.faults import Fault, FaultKind
from gateway.sandbox.pace import Pace
from gateway.sandbox.pagerduty import PagerDutySandbox
from gateway.sandbox.slack import SlackSandbox
from gateway.sandbox.webhook import WebhookSandbox

__all__ = ["Fault", "FaultKind", "Pace", "PagerDutySandbox", "SlackSandbox", "WebhookSandbox"]

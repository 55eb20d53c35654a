"""A local Slack and a local PagerDuty that behave like the real ones, for `gateway demo` and the tests."""

from __future__ import annotations

from gateway.sandbox.faults import Fault, FaultKind
from gateway.sandbox.pace import Pace
from gateway.sandbox.pagerduty import PagerDutySandbox
from gateway.sandbox.slack import SlackSandbox

__all__ = ["Fault", "FaultKind", "Pace", "PagerDutySandbox", "SlackSandbox"]

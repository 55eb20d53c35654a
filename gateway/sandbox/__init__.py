"""A local Slack, PagerDuty, receiver of webhooks and mail server that behave like real ones, for `gateway
demo` and the tests.
"""

from __future__ import annotations

from gateway.sandbox.faults import Fault, FaultKind
from gateway.sandbox.mail import MailSandbox
from gateway.sandbox.pace import RateLimit
from gateway.sandbox.pagerduty import PagerDutySandbox
from gateway.sandbox.slack import SlackSandbox
from gateway.sandbox.webhook import WebhookSandbox

__all__ = [
    "Fault",
    "FaultKind",
    "MailSandbox",
    "PagerDutySandbox",
    "RateLimit",
    "SlackSandbox",
    "WebhookSandbox",
]

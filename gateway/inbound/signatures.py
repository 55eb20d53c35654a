"""The signatures by which vendors show that a request is theirs. Both are made over the raw body.

PagerDuty: https://developer.pagerduty.com/docs/webhooks-signatures
Slack: https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from hashlib import sha256

SLACK_WINDOW_SECONDS = 300
MAX_SIGNATURES = 10
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)


def signed_by_slack(
    secrets: Iterable[str], timestamp: str, signature: str, body: bytes, now_seconds: float
) -> bool:
    """Return whether Slack signed this with one of these secrets, within the last five minutes."""
    if not _SECONDS.fullmatch(timestamp) or abs(now_seconds - int(timestamp)) > SLACK_WINDOW_SECONDS:
        return False
    message = b"v0:" + timestamp.encode() + b":" + body
    return _matches((f"v0={_digest(secret, message)}" for secret in secrets), signature)


def signed_by_pagerduty(secrets: Iterable[str], signatures: str, body: bytes) -> bool:
    """Return whether PagerDuty signed this with one of these secrets. It
    may show several signatures with commas, while its own secret rotates.
    """
    expected = [f"v1={_digest(secret, body)}" for secret in secrets]
    return sum(_matches(expected, shown.strip()) for shown in signatures.split(",")[:MAX_SIGNATURES]) > 0


def _digest(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, sha256).hexdigest()


def _matches(expected: Iterable[str], shown: str) -> bool:
    """Compare with every signature that would do, each in constant time."""
    given = shown.encode("utf-8", "replace")
    return sum(hmac.compare_digest(one.encode(), given) for one in expected) > 0

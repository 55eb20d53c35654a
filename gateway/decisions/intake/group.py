"""The group of alerts that a webhook is about."""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple

from gateway.model.webhook import SENT_BEFORE

HASH_BYTES = 8  # a group key holds labels of any length


class Group(NamedTuple):
    """One group of one source. `left_out` is how many of its alerts were not sent.

    `sent_before`: its Alertmanager says that everything in it that fires was taken before.
    """

    name: str = ""
    left_out: int = 0
    sent_before: bool = False


NO_GROUP = Group()


def group_of(source: str, receiver: str, key: str, left_out: int, reason: str = "") -> Group:
    """Return the group that a webhook names. Several receivers may each be sent another part of it.

    `reason` is the webhook's `notification_reason`, empty before Alertmanager 0.32.
    """
    if not key and not left_out:
        return NO_GROUP
    text = f"{receiver}\xff{key}".encode("utf-8", "surrogatepass")
    name = f"{source}/{blake2b(text, digest_size=HASH_BYTES).hexdigest()}"
    return Group(name, max(0, left_out), reason in SENT_BEFORE)

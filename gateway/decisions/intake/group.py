"""The group of alerts that a webhook is about."""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple

HASH_BYTES = 8  # a group key holds labels of any length


class Group(NamedTuple):
    """One group of one source. `left_out` is how many of its alerts were not sent."""

    name: str = ""
    left_out: int = 0


NO_GROUP = Group()


def group_of(source: str, receiver: str, key: str, left_out: int) -> Group:
    """Return the group that a webhook names. Several receivers may each be sent another part of it."""
    if not key and not left_out:
        return NO_GROUP
    text = f"{receiver}\xff{key}".encode("utf-8", "surrogatepass")
    return Group(f"{source}/{blake2b(text, digest_size=HASH_BYTES).hexdigest()}", max(0, left_out))

"""The kinds of destinations that had a credential at any time since the store began, one row in each shard.

A kind that is not among them tells the log in place of people. Once a kind is, a credential that is missing
makes its destinations fail, however short it was there.
"""

from __future__ import annotations

from collections.abc import Iterable

LOG = "log"  # the kind of endpoint through which only the log was notified


def load_credentialed(raw: bytes) -> frozenset[str]:
    """Read the row; where there is none (`raw` is empty), no kind is known to have had a credential."""
    return frozenset(raw.decode().split())


def dump_credentialed(kinds: Iterable[str]) -> bytes:
    return " ".join(sorted(kinds)).encode()

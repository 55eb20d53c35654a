"""Partition: labels whose values keep alerts apart, whatever the rules say: they never correlate or inhibit each other.

A partition lives in one shard of the store, which is the unit of atomicity and of scale.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b

HOME = 0  # the shard of alerts without any of these labels, the gateway's own among them


def partition_of(labels: Mapping[str, str], by: Sequence[str]) -> tuple[str, ...]:
    """The values of the labels `by`; a missing label is an empty one."""
    return tuple(labels.get(name, "") for name in by)


def shard_of(partition: Sequence[str], shards: int) -> int:
    """The same for every replica and for ever."""
    if shards == 1 or not any(partition):
        return HOME
    values = b"\xff".join(value.encode("utf-8", "surrogatepass") for value in partition)
    return int.from_bytes(blake2b(values, digest_size=8, person=b"slot").digest(), "big") % shards


def kept_apart(labels: Sequence[str], by: Sequence[str]) -> tuple[str, ...]:
    """The labels that have to be equal for two alerts to have anything to do with each other."""
    return (*by, *(name for name in labels if name not in by))

"""Partitions: alerts that differ in the labels of `partition_by` never correlate with or inhibit each other.

A partition lives in one shard of the store. A shard is the unit of atomicity and of scale.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b

HOME = 0  # the shard of alerts that have none of the labels; the gateway's own alerts are among them


def partition_of(labels: Mapping[str, str], by: Sequence[str]) -> tuple[str, ...]:
    """Return the values of the labels `by`; the value of a missing label is empty."""
    return tuple(labels.get(name, "") for name in by)


def shard_of(partition: Sequence[str], shards: int) -> int:
    """Return the number of a partition's shard.

    It is the same in every replica and every version of the gateway.
    """
    if shards == 1 or not any(partition):
        return HOME
    # Records lie where this hash has put them, so neither the hash nor its word `slot` may ever change.
    values = b"\xff".join(value.encode("utf-8", "surrogatepass") for value in partition)
    return int.from_bytes(blake2b(values, digest_size=8, person=b"slot").digest(), "big") % shards


def kept_apart(labels: Sequence[str], by: Sequence[str]) -> tuple[str, ...]:
    """Return the labels that two alerts must agree in: those of a rule, and those of `partition_by`."""
    return (*by, *(name for name in labels if name not in by))

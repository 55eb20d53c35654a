"""Groups of alerts that Alertmanager cut short (`max_alerts`): people hear of a part of them alone."""

from __future__ import annotations

import msgspec

from gateway.model.durations import DAY
from gateway.model.records import FORMAT, body_of

FORGOTTEN_MS = DAY  # a group that no webhook spoke of for so long is gone, or was sent in another way since


class GroupReport(msgspec.Struct, frozen=True, gc=False):
    """The word of one webhook about its group as a whole: `left_out` is 0
    where it is whole, and `over` says that every alert in it has ended.
    """

    name: str
    left_out: int
    over: bool
    trace: str = ""  # the webhook that said so (`cause.py`)


class TruncatedGroup(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One group by the last of its webhooks.

    `left_out` is how many of its alerts were not sent. `since` (ms) is when that was said first, `at` when it
    was said last, to the minute. `incidents` have alerts of the group. `over`: all that was sent of it had
    ended; if anything that was left out still fires, its Alertmanager soon sends the group again.
    """

    left_out: int
    since: int
    at: int
    incidents: tuple[str, ...] = ()
    over: bool = False


class TruncatedGroups(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The record of one shard, by `source/group`. A group that came whole again is not in it."""

    groups: dict[str, TruncatedGroup] = {}

    def standing(self, now: int) -> dict[str, TruncatedGroup]:
        return {name: group for name, group in self.groups.items() if now - group.at < FORGOTTEN_MS}


NO_TRUNCATED_GROUPS = TruncatedGroups()

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(TruncatedGroups).decode


def dump_truncated(record: TruncatedGroups) -> bytes:
    return FORMAT + _encode(record)


def load_truncated(raw: bytes) -> TruncatedGroups:
    """Read the record; a store in which no group was ever cut short has none."""
    return _decode(body_of(raw)) if raw else NO_TRUNCATED_GROUPS

"""The reports of a source's HA peers when they are polled, and the memory of them until the next poll."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from gateway.model.alert import Alert, Copy, Observation


class Active(NamedTuple):
    """One alert that fires at a peer and is routed to the gateway.

    `quieted` names what keeps the peer from sending it (a silence, an inhibition, a mute); it is empty where
    nothing does.
    """

    seen: Observation
    quieted: str = ""


@dataclass(frozen=True, slots=True)
class PeerReport:
    """The answer of one peer: how long it has been up (ms), and its active alerts by `source/fingerprint`."""

    uptime: int
    alerts: Mapping[str, Active]


class HeldCopy(NamedTuple):
    """A copy that fires as far as the gateway knows, with its alert.

    `heard_at` is when its source last reported it (ms).
    """

    alert: Alert
    copy: Copy

    @property
    def heard_at(self) -> int:
        return self.copy.said_at or self.alert.last_seen


class SourceState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The memory of one source from one poll to the next; all times in ms.

    `missing` holds the copies that the gateway holds and no peer has, with the time since when; `unknown`
    holds those that a peer has and the gateway does not. `quieted` says which silence or mute covers a copy
    at the source. `sizes` is the number of alerts that each peer had. `answered_at` is when any peer last
    answered, None for never.
    """

    missing: dict[str, int] = {}
    unknown: dict[str, int] = {}
    quieted: dict[str, str] = {}
    sizes: dict[str, int] = {}
    answered_at: int | None = None

"""Which days of the statistics are compacted in the store, and what of them is lost."""

from __future__ import annotations

import msgspec

from gateway.model.statistics.incident_state import IncidentState

FORMAT = b"\x01"


class KeptDays(msgspec.Struct, frozen=True, array_like=True):
    """The compacted days are those (UTC) from `begin` up to `end` (ms), None where there are none.

    `lost` says by reason up to when (ms) events or days were dropped that no figure has any more.
    """

    begin: int | None = None
    end: int | None = None
    lost: dict[str, int] = {}

    def losing(self, reason: str, until: int) -> KeptDays:
        """Return the same with everything up to `until` lost for this reason."""
        known = self.lost.get(reason, until)
        return msgspec.structs.replace(self, lost={**self.lost, reason: max(known, until)})


_encode = msgspec.msgpack.Encoder().encode
_kept = msgspec.msgpack.Decoder(KeptDays).decode
_followed = msgspec.msgpack.Decoder(dict[str, IncidentState]).decode


def dump_kept(kept: KeptDays) -> bytes:
    return FORMAT + _encode(kept)


def load_kept(raw: bytes) -> KeptDays:
    return _kept(memoryview(raw)[1:]) if raw else KeptDays()


def dump_followed(followed: dict[str, IncidentState]) -> bytes:
    """Write the incidents that are followed since they were open when their day was compacted."""
    return FORMAT + _encode(followed)


def load_followed(raw: bytes) -> dict[str, IncidentState]:
    return _followed(memoryview(raw)[1:]) if raw else {}

"""The few figures of the last four weeks that Prometheus shows."""

from __future__ import annotations

import msgspec

FORMAT = b"\x01"


class Summary(msgspec.Struct, frozen=True, array_like=True):
    """Figures by their names: counts, shares from 0 to 1, and durations in seconds. What cannot be said
    is left out.

    `made_at` is when it was made by people's clocks, and `took` how long that was (ms).
    """

    made_at: int
    took: int
    counts: dict[str, int] = {}
    shares: dict[str, float] = {}
    seconds: dict[str, float] = {}


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Summary).decode


def dump_summary(summary: Summary) -> bytes:
    return FORMAT + _encode(summary)


def load_summary(raw: bytes) -> Summary | None:
    """Return None where there is none, or one of a newer version."""
    return _decode(memoryview(raw)[1:]) if raw[:1] == FORMAT else None

"""The reasons that have kept firing members of an incident from a target."""

from __future__ import annotations

import msgspec


class Hidden(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A suppression that kept firing members from a target, with its rule and why, until when (ms).

    `until` is None where nobody knows yet; it is over once it lies in the past.
    """

    reason: str
    rule: str
    because: str
    until: int | None
    episodes: tuple[str, ...]

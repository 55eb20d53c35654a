"""Who may speak: bearer tokens, or basic authentication with the token as the password of any user (RFC 6750, RFC 7617)."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterable
from hmac import compare_digest


class Tokens:
    """Several at a time, so that one can be replaced without a gap. None at all: everybody may (only on our own machine)."""

    def __init__(self, values: Iterable[str]) -> None:
        self._values = tuple(value.encode() for value in values)

    @property
    def open(self) -> bool:
        return not self._values

    def allow(self, authorization: str | None) -> bool:
        """Compared in constant time, every token each time."""
        if not self._values:
            return True
        shown = _shown(authorization or "")
        return shown is not None and sum(compare_digest(shown, value) for value in self._values) > 0


def _shown(authorization: str) -> bytes | None:
    scheme, _, rest = authorization.strip().partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip().encode("latin-1", "replace")
    if scheme.lower() != "basic":
        return None
    try:
        return b64decode(rest.strip(), validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return None

"""Who may speak: bearer tokens, or basic authentication with the token as the password of any user (RFC 6750, RFC 7617)."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterable, Mapping
from hmac import compare_digest


class Tokens:
    """Several at a time, so that one can be replaced without a gap. None at all: everybody may (only on our own machine)."""

    def __init__(self, values: Iterable[str]) -> None:
        self._values = tuple(value.encode() for value in values)

    @property
    def open(self) -> bool:
        return not self._values

    def allow(self, authorization: str | None) -> bool:
        return self.open or self.hold(_shown(authorization or ""))

    def hold(self, shown: bytes | None) -> bool:
        """Compared in constant time, every token each time."""
        return shown is not None and sum(compare_digest(shown, value) for value in self._values) > 0


class Senders:
    """Who speaks, by the tokens of each. `everybody` is who it is where no token is asked for."""

    def __init__(self, tokens: Mapping[str, Tokens], everybody: str | None = None) -> None:
        self._tokens = tokens
        self._everybody = everybody

    def who(self, authorization: str | None) -> str | None:
        """All are compared each time; of two with one token it is always the first."""
        shown = _shown(authorization or "")
        found = [name for name, tokens in self._tokens.items() if tokens.hold(shown)]
        return self._everybody or next(iter(found), None)


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

"""The tokens of requests and of senders.

A token comes as a bearer token (RFC 6750), or as any user's password in basic authentication (RFC 7617).
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping, Sequence
from hmac import compare_digest

from gateway.config.tokens_file import hash_of
from gateway.model.people import Caller, IssuedToken, Role

HOW_TO_ASK = "authorization: Bearer …, with GATEWAY_ADMIN_TOKEN or a token that `gateway token add` has made"
"""What a refused request to the API, to /health/deep or to /metrics lacks."""


class Tokens:
    """The tokens that are valid now. There may be several, so that a token can be replaced without a gap.

    Without any token everybody is allowed; `demand_tokens` refuses that if other machines can
    connect.
    """

    def __init__(self, values: Iterable[str]) -> None:
        self._values = tuple(value.encode() for value in values)

    @property
    def open(self) -> bool:
        return not self._values

    def allow(self, authorization: str | None) -> bool:
        return self.open or self.hold(_shown(authorization or ""))

    def hold(self, shown: bytes | None) -> bool:
        """Return whether `shown` is a token of these. Every token is compared each time, in constant time."""
        return shown is not None and sum(compare_digest(shown, value) for value in self._values) > 0


class Callers:
    """Whoever may ask the API: the holders of the admin tokens, and the people of the tokens file.

    `issued` returns what is in force when it is called, None where no such file is set. Without it, and
    without admin tokens, everybody may do everything: `gateway serve` always has one or the other.
    """

    def __init__(
        self, admin: Iterable[str], issued: Callable[[], Sequence[IssuedToken] | None] = lambda: None
    ) -> None:
        self._admin = Tokens(admin)
        self._issued = issued

    @property
    def open(self) -> bool:
        return self._admin.open and self._issued() is None

    def who(self, authorization: str | None) -> Caller | None:
        """Return who has shown this; None for nobody. Every token is compared each time, in constant time."""
        issued = self._issued()
        shown = _shown(authorization or "")
        held = hash_of(shown.decode("utf-8", "replace")) if shown is not None else ""
        found = [token for token in issued or () if compare_digest(token.hash, held)]
        if self._admin.hold(shown) or self.open:
            return Caller(Role.ADMINISTER, beside_people=issued is not None)
        return Caller(found[0].role, found[0].name, slack=found[0].slack) if found else None


class Senders:
    """The senders and their tokens. `everybody` is the sender of all requests if no token is asked for."""

    def __init__(self, tokens: Mapping[str, Tokens], everybody: str | None = None) -> None:
        self._tokens = tokens
        self._everybody = everybody

    @property
    def open(self) -> bool:
        return self._everybody is not None

    def who(self, authorization: str | None) -> str | None:
        """Return the sender with this token, the first of two; all tokens are compared each time."""
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

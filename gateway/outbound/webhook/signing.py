"""Signatures of webhooks, so that a receiver knows who sent them and when.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence

PREFIX = "whsec_"
LEAST_KEY = 24  # bytes, by the specification


def signing_keys(secret: str) -> tuple[bytes, ...]:
    """Read `whsec_<base64>`, or several with commas while one takes the place of another.

    Raises `ValueError` with a sentence that does not show the secret.
    """
    keys = []
    for written in filter(None, (part.strip() for part in secret.split(","))):
        try:
            key = b64decode(written.removeprefix(PREFIX), validate=True)
        except ValueError:
            raise ValueError(f"a key is written {PREFIX}<base64>") from None
        if len(key) < LEAST_KEY:
            raise ValueError(f"a key has at least {LEAST_KEY} bytes, such as from `openssl rand -base64 32`")
        keys.append(key)
    if not keys:
        raise ValueError("there is no key in it")
    return tuple(keys)


def signature(keys: Sequence[bytes], message: str, seconds: int, body: bytes) -> str:
    """The header `webhook-signature`: one for each key."""
    signed = f"{message}.{seconds}.".encode() + body
    return " ".join(f"v1,{b64encode(hmac.digest(key, signed, 'sha256')).decode()}" for key in keys)

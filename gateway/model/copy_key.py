"""The key of a copy: `source/fingerprint`, and behind it what tells it apart where the fingerprint does not.

A relay that adds a label leaves the fingerprint as Alertmanager computed it, and some senders write a
constant there: `source/fingerprint#hash` has the hash of the labels behind it. Other senders write something
else than a fingerprint, or nothing: `source/fingerprint@sent` has the computed one, and what was sent. The
part before the sign is the key by which the version before knows the copy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from gateway.model.fingerprint import fingerprint, identity

HASH, SENT = "#", "@"  # neither a source's name nor a fingerprint has them
MAX_SENT = 64  # characters of what was sent in place of a fingerprint

_FINGERPRINT = re.compile(r"[0-9a-f]{16}")
_PARTS = re.compile(r"(?P<plain>[^#@]*)(?P<sign>[#@]?)(?P<rest>.*)", re.DOTALL)


def copy_key(source: str, sent: str, labels: Mapping[str, str]) -> str:
    """Return the key of a label set. `sent` is its fingerprint as sent, empty where none came."""
    computed = fingerprint(labels)
    if sent == computed:
        return f"{source}/{computed}"
    if _FINGERPRINT.fullmatch(sent):
        return f"{source}/{sent}{HASH}{identity(labels)}"
    shown = sent[:MAX_SENT].encode("utf-8", "replace").decode()  # JSON can hold half of a surrogate pair
    return f"{source}/{computed}{SENT}{shown}"


def plain_key(key: str) -> str:
    """Return the key by which the version before knows the copy."""
    return _parts(key)["plain"]


def suffix_of(key: str) -> str:
    """Return what stands behind the plain key, empty for nothing."""
    parts = _parts(key)
    return f"{parts['sign']}{parts['rest']}"


def as_sent(key: str) -> str:
    """Return the source and the fingerprint as it was sent: what one sender takes for the same alert."""
    parts = _parts(key)
    if parts["sign"] == SENT:
        return f"{parts['plain'].partition('/')[0]}/{SENT}{parts['rest']}"
    return parts["plain"]


def _parts(key: str) -> re.Match[str]:
    found = _PARTS.fullmatch(key)
    assert found is not None, "the pattern matches every text"
    return found

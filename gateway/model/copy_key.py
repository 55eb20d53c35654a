"""The key of a copy: `source/fingerprint`, with `#hash` behind it where the fingerprint is not that of the labels.

A relay that adds a label leaves the fingerprint as Alertmanager computed it, and some senders write a constant
there. The hash of the labels keeps such alerts apart; the fingerprint as sent says which of them one
Alertmanager takes for the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.model.fingerprint import fingerprint, identity

HASH = "#"  # neither a source's name nor a fingerprint has it


def copy_key(source: str, sent: str, labels: Mapping[str, str]) -> str:
    """Return the key of a label set. `sent` is its fingerprint as sent, empty where none came."""
    computed = fingerprint(labels)
    if sent in ("", computed):
        return f"{source}/{computed}"
    return f"{source}/{sent}{HASH}{identity(labels)}"


def as_sent(key: str) -> str:
    """Return `source/fingerprint` with the fingerprint as it was sent."""
    return key.partition(HASH)[0]

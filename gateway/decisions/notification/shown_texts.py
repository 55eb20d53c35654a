"""A mark of the annotations that a target is shown, by which a changed one is found."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from gateway.decisions.notification.view import TargetMember


def mark_texts(members: Iterable[TargetMember]) -> str:
    """Return a mark that is the same for as long as the annotations of these members are."""
    ordered = sorted(members, key=lambda member: member.alert.id)
    # A representation holds half a character too, which no UTF-8 can.
    texts = repr([member.alert.annotations for member in ordered])
    return blake2b(texts.encode(), digest_size=6).hexdigest()

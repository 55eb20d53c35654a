"""Keep in mind what hides firing members from a target, so that it can be said once they are told.

Whoever is called at 03:00 about what began at 21:00 has to read that a silence hid it until now.
"""

from __future__ import annotations

import msgspec

from gateway.decisions.notification.view import TargetMember, View
from gateway.model.hidden import Hidden
from gateway.model.ledger import Ledger
from gateway.model.verdict import QUIETING, MemberStatus


def keep_hidden(ledger: Ledger, view: View, now: int) -> Ledger:
    """Return the ledger with what hides members now, and what has hidden them until now."""
    firing = [member for member in view.members if member.alert.firing]
    if not ledger.hidden and not any(is_hidden(member) for member in firing):
        return ledger
    shown = {member.episode_id for member in firing if not is_hidden(member)}
    over = [
        msgspec.structs.replace(known, until=_over_at(known, now), episodes=episodes)
        for known in ledger.hidden
        if (episodes := tuple(episode for episode in known.episodes if episode in shown))
    ]
    return msgspec.structs.replace(ledger, hidden=(*over, *_hidden_now(firing)))


def hidden_before(view: View, now: int) -> Hidden | None:
    """Return what hid members until now that are told at last; of several, what hid them for longest."""
    told = {member.episode_id for member in view.firing}
    over = [
        msgspec.structs.replace(known, until=_over_at(known, now))
        for known in view.ledger.hidden
        if not told.isdisjoint(known.episodes)
    ]
    return max(over, key=lambda known: (known.until or 0, known.rule), default=None)


def _over_at(known: Hidden, now: int) -> int:
    # Somebody ended it before its time, or it had none.
    return now if known.until is None else min(known.until, now)


def is_hidden(member: TargetMember) -> bool:
    """Return whether something that ends no notification keeps the member, which may fire, from this target."""
    verdict = member.suppressed_by
    return verdict is not None and verdict.outcome == MemberStatus.SUPPRESSED and verdict.reason in QUIETING


def _hidden_now(firing: list[TargetMember]) -> list[Hidden]:
    """Return what hides members now, those with the same verdict together."""
    episodes: dict[tuple[str, str, str, int | None], list[str]] = {}
    for member in firing:
        verdict = member.suppressed_by
        if verdict is not None and is_hidden(member):
            key = (verdict.reason.value, verdict.rule, verdict.because, verdict.until)
            episodes.setdefault(key, []).append(member.episode_id)
    return [Hidden(*key, tuple(names)) for key, names in episodes.items()]

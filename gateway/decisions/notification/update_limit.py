"""Updates to readers of what cannot be edited, such as mails: which notifications are updates, and how many
are sent.

A first firing, a rise in severity, an end and a firing after it are sent always and at their own time.
Everything else only brings readers up to date, and each of them is one more mail: they are limited, and the
next notification says how many changes were left out.
"""

from __future__ import annotations

import msgspec

from gateway.decisions.notification.view import View
from gateway.model.ledger import NEVER_NOTIFIED, LastNotified, Ledger, NotifiedState, Part
from gateway.model.notification import Answer, Delivered, Refused
from gateway.model.rules.destination import UpdateLimit
from gateway.model.verdict import NotifyReason


def is_update(told: LastNotified, desired: LastNotified) -> bool:
    """Return whether a notification only brings up to date those who know already that the incident fires."""
    if told.state is not NotifiedState.FIRING or desired.state is not NotifiedState.FIRING:
        return False  # a first firing, an end, or a firing after it
    if desired.severity > told.severity or desired.paged > told.paged:
        return False  # it got worse: whoever has decided to let it wait has to know
    # A destination that cannot be reached is stood in for from now on: for its readers this is the first
    # notification.
    return not any(failing and not told.covers.get(target) for target, failing in desired.covers.items())


def limit_updates(view: View) -> View:
    """Let an update wait for its time, or leave it out where enough were sent."""
    limit = _limit_of(view)
    if limit is None or view.due is None or not is_update(view.ledger.last_notified, view.desired):
        return view
    # The reader has had enough updates and next hears when it gets worse or is over.
    if view.ledger.updates >= limit.most:
        return msgspec.structs.replace(view, due=None, reason=NotifyReason.UPDATE_LEFT_OUT)
    # All changes within the interval become one mail instead of many.
    notified_at = view.ledger.notified_at
    due = view.due if notified_at is None else max(view.due, notified_at + limit.interval)
    return msgspec.structs.replace(view, due=due)


def count_left_out(ledger: Ledger, view: View, now: int) -> Ledger:
    """Count a change that is kept back by the limit, each change once."""
    kept_back = view.due is None or view.due > now
    if _limit_of(view) is None or not view.differs or not kept_back:
        return ledger
    left_out = _with_earlier(view.desired, ledger, view)
    if left_out == ledger.left_out_last:
        return ledger
    # A first firing, a rise and an end wait for their own time, not for the limit: nothing is left out.
    if not is_update(view.ledger.last_notified, view.desired):
        return ledger
    return msgspec.structs.replace(ledger, left_out=ledger.left_out + 1, left_out_last=left_out)


def _with_earlier(desired: LastNotified, ledger: Ledger, view: View) -> LastNotified:
    """Return what would have been told, with what came and went in the changes that were left out before it."""
    known = {member.episode_id for member in view.members}
    earlier = [episode for episode in ledger.left_out_last.members if episode in known]
    return msgspec.structs.replace(desired, members={**dict.fromkeys(earlier, False), **desired.members})


def with_left_out(view: View) -> LastNotified:
    """Return what was told last, with the members of the changes that were left out since.

    A reader who is told the end reads of all that it is the end of, and how long all of it took.
    """
    told = view.ledger.last_notified
    fires = {member.episode_id: member.alert.firing for member in view.members}
    left_out = {episode: fires.get(episode, False) for episode in view.ledger.left_out_last.members}
    return msgspec.structs.replace(told, members={**left_out, **told.members})


def left_out_before(view: View) -> int:
    """Return how many changes were left out before the one that is notified now."""
    ledger = view.ledger
    told_now = _with_earlier(view.desired, ledger, view) == ledger.left_out_last
    return ledger.left_out - (ledger.left_out > 0 and told_now)


def settle_update(begun: Ledger, settled: Ledger, answer: Answer) -> Ledger:
    """Return the settled ledger of a destination with an `UpdateLimit`.

    1. An update counts once it may have arrived; a repeat of the same does not count again.
    2. What was left out has been said by what was delivered.
    3. The newest state is never said once more: a mail that arrives late takes back nothing that came after
       it.
    """
    intent = begun.intent
    # No reader got what the vendor refused, so the refusal uses up no update.
    if intent is None or intent.part is not Part.MESSAGE or isinstance(answer, Refused):
        return settled
    told = begun.last_notified
    updates = settled.updates + (told != intent.last_notified and is_update(told, intent.last_notified))
    if not isinstance(answer, Delivered):
        return msgspec.structs.replace(settled, updates=updates)
    return msgspec.structs.replace(
        settled,
        updates=updates,
        left_out=0,
        left_out_last=NEVER_NOTIFIED,
        unconfirmed_since=None,
        repeat_at=None,
    )


def _limit_of(view: View) -> UpdateLimit | None:
    return view.destination.via.update_limit if view.destination is not None else None

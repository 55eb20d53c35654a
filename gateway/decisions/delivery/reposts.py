"""Messages that are posted anew because the one before was removed or cannot be edited: how often, and when.

Whoever follows a channel is told each thing once. A bot that removes whatever we post, or a workspace in
which nobody may edit, must not make the gateway post the same incident without end.
"""

from __future__ import annotations

import msgspec

from gateway.decisions.notification.update_limit import is_update
from gateway.model.durations import HOUR, MINUTE
from gateway.model.instants import AT_ONCE
from gateway.model.ledger import Intent, LastNotified, Ledger, Part
from gateway.model.notification import Refused

MOST_POSTS = 4  # of one incident in one place within an hour, the first one among them
WAITS_MS = (0, MINUTE, 5 * MINUTE)  # before the same is posted again, by how often it was posted lately
UNEDITABLE = "uneditable"  # the message stands, and only its edit is refused
ROOT_IS_SURE_MS = 2 * MINUTE  # after an edit of the message, nobody expects it to be gone


def recent_posts(ledger: Ledger, now: int) -> tuple[int, ...]:
    return tuple(at for at in ledger.posts if now - at < HOUR)


def with_post(ledger: Ledger, intent: Intent, now: int) -> tuple[int, ...]:
    """Return when the message was posted lately, with the post of this intent."""
    recent = recent_posts(ledger, now)
    return (*recent, now) if intent.creates_message and intent.part is Part.MESSAGE else recent


def gone(ledger: Ledger, answer: Refused, now: int) -> Ledger:
    """Return the ledger of a target whose message is gone, or can no longer be edited: it is posted anew.

    The first time that is at once, since somebody may have removed it by mistake.
    """
    posts = recent_posts(ledger, now)
    wait = WAITS_MS[min(max(0, len(posts) - 1), len(WAITS_MS) - 1)]
    left = ledger.message_ref if answer.reason == UNEDITABLE else ledger.left
    return msgspec.structs.replace(
        ledger,
        intent=None,
        message_ref=None,
        left=left,
        repeat_at=now + wait if wait else AT_ONCE,
        error=answer.detail or answer.reason,
    )


def held_back_until(ledger: Ledger, desired: LastNotified, now: int) -> int | None:
    """Return until when a message that cannot be edited is not posted anew (ms), None where it may be now."""
    if ledger.left is None or not _too_often(ledger, desired, now):
        return None
    return recent_posts(ledger, now)[0] + HOUR


def removed_too_often(ledger: Ledger, desired: LastNotified, now: int) -> Refused | None:
    """Return the refusal of one more post where it would only be removed as well, else None."""
    if ledger.left is not None or not _too_often(ledger, desired, now):
        return None
    said = f"the message is removed again and again: posted {len(recent_posts(ledger, now))} times within an hour"
    return Refused("removed", said, permanent=True)


def _too_often(ledger: Ledger, desired: LastNotified, now: int) -> bool:
    told = ledger.last_notified
    if ledger.message_ref is not None or len(recent_posts(ledger, now)) < MOST_POSTS:
        return False
    # A rise, an end and a firing after it are worth a post each time: they are told once.
    return desired == told or is_update(told, desired)


def root_is_sure(ledger: Ledger, now: int) -> bool:
    """Return whether a reply will surely stand in its thread.

    Slack drops a thread that it does not know, and the reply lands bare in the channel.
    """
    return ledger.notified_at is not None and now - ledger.notified_at < ROOT_IS_SURE_MS

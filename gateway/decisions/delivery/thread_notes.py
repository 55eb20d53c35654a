"""Make the notes for a thread: the difference between what was notified before and what is notified now."""

from __future__ import annotations

import msgspec

from gateway.model.durations import spoken
from gateway.model.instants import earliest
from gateway.model.ledger import LastNotified, Note, NotifiedState
from gateway.model.notification import Notification
from gateway.model.severity import Severity

MAX_NAMES_IN_NOTE = 5  # alert names


def notes_of(before: LastNotified, after: LastNotified, notification: Notification) -> tuple[Note, ...]:
    """Return the transitions that matter to whoever follows the thread; a first message needs none."""
    if before.state is NotifiedState.NOTHING:
        return ()
    said = [
        _reopened(before, after),
        _worse(before, after),
        _paged(before, after),
        _joined(before, after, notification),
        *_covered(before, after),
        _suppressed(before, after, notification),
        _person(before, after, notification),
        _over(before, after, notification),
    ]
    return tuple(msgspec.structs.replace(note, at=notification.at) for note in said if note is not None)


def _reopened(before: LastNotified, after: LastNotified) -> Note | None:
    # The edited message is easily overlooked: whoever was told the end has to hear that it fires again.
    if after.state is not NotifiedState.FIRING or before.state is NotifiedState.FIRING:
        return None
    what = (
        "Firing again: the time it was closed for is over or it got worse"
        if before.state is NotifiedState.CLOSED
        else "Firing again"
    )
    return Note(what, broadcast=True, mention=after.paged)


def _worse(before: LastNotified, after: LastNotified) -> Note | None:
    if (
        before.state is not NotifiedState.FIRING
        or after.state is not NotifiedState.FIRING
        or after.severity <= before.severity
    ):
        return None
    # The whole channel sees a rise to critical; a smaller one concerns those who follow the thread.
    return Note(
        f"Severity rose: {before.severity.word} → {after.severity.word}",
        broadcast=after.severity is Severity.CRITICAL,
    )


def _paged(before: LastNotified, after: LastNotified) -> Note | None:
    # A target that pages as a fallback already has a note that says for whom it stands in.
    stands_in = any(failing and not before.covers.get(target) for target, failing in after.covers.items())
    if after.paged and not before.paged and before.state is NotifiedState.FIRING and not stands_in:
        return Note("This needs somebody now", broadcast=True, mention=True)
    return None


def _joined(before: LastNotified, after: LastNotified, notification: Notification) -> Note | None:
    new = [episode for episode, firing in after.members.items() if firing and episode not in before.members]
    # What fires again after an end has a note of its own: its alerts are not further ones.
    if before.state is not NotifiedState.FIRING or not new:
        return None
    names = list(dict.fromkeys(line.name for line in notification.lines if not line.ended_at))[
        :MAX_NAMES_IN_NOTE
    ]
    # Further alerts stay in the thread, so that a burst does not flood the channel.
    return Note(f"{len(new)} more alert{'s' if len(new) > 1 else ''}; firing now: {', '.join(names)}")


def _covered(before: LastNotified, after: LastNotified) -> list[Note]:
    said = []
    for target, failing in after.covers.items():
        # The readers here do not usually get this notification: they have to hear why it comes to them.
        if failing and not before.covers.get(target):
            said.append(
                Note(
                    f"{target} cannot be reached: this is its notification",
                    broadcast=True,
                    mention=after.paged,
                )
            )
        elif not failing and before.covers.get(target):
            # The usual readers have the notification now, so whoever stood in may let go.
            said.append(Note(f"Delivered at {target} now"))
    return said


def _suppressed(before: LastNotified, after: LastNotified, notification: Notification) -> Note | None:
    """Note that news is kept quiet from now on, or no longer.

    The end of that is worth a line in the channel, its begin is not.
    """
    if any(
        after.members.get(episode) and episode not in after.silenced_after_notify
        for episode in before.silenced_after_notify
    ):
        return Note("No longer suppressed, and it still fires", broadcast=True, mention=after.paged)
    if after.silenced_after_notify.keys() - before.silenced_after_notify.keys():
        return Note(f"Suppressed from now on: {notification.silenced_after_notify}")
    return None


def _person(before: LastNotified, after: LastNotified, notification: Notification) -> Note | None:
    if after.acknowledged_by and after.acknowledged_by != before.acknowledged_by:
        return Note(f"Acknowledged by {notification.acknowledged_by}")
    if before.acknowledged_by and not after.acknowledged_by and after.state is NotifiedState.FIRING:
        # Nobody has the incident any more, and whoever relied on that person has to know.
        why = ": it got worse" if after.severity > before.severity else ""
        return Note(f"The acknowledgement no longer holds{why}", broadcast=True)
    return None


def _over(before: LastNotified, after: LastNotified, notification: Notification) -> Note | None:
    if after.state is before.state:
        return None
    if after.state is NotifiedState.ENDED:
        return Note("Resolved")
    if after.state is NotifiedState.CLOSED:
        return Note(f"Closed by {after.closed_by} while it still fires")
    if after.state is NotifiedState.MOVED:
        return Note(f"No longer told here: {notification.moved_to or 'no rule routes it here'}")
    return None


def reminder(notification: Notification, first_notified_at: int | None) -> Note:
    """Return the note that it still fires and nobody has it.

    It fires for at least as long as people have known of it, whatever the clock of its source says.
    """
    since = earliest(notification.started_at, first_notified_at)
    fires = f"Still firing after {spoken(notification.at - (since or notification.at))}, and nobody has it"
    often = notification.often.how_often() if notification.often is not None else ""
    said = f"{fires} ({often})" if often else fires
    return Note(said, broadcast=True, mention=notification.page, at=notification.at)

"""Make the notes for a thread: the difference between what was notified before and what is notified now.

A note is read on a lock screen, far from its message: it names the incident and says what is new.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

import msgspec

from gateway.decisions.delivery.apart import names_of
from gateway.decisions.delivery.member_notes import again_of, joined_of
from gateway.decisions.notification.desired import quieted_alerts
from gateway.model.durations import spoken
from gateway.model.instants import earliest, latest
from gateway.model.ledger import LastNotified, Note, NotifiedState
from gateway.model.notification import Notification
from gateway.model.severity import Severity
from gateway.model.verdict import Reason

OVER = {
    Reason.SILENCED: "its silence is over",
    Reason.MAINTENANCE: "the maintenance is over",
    Reason.MUTED: "it is muted no longer",
    Reason.INHIBITED: "nothing inhibits it any more",
    Reason.PAUSED: "the pause of paging is over",
    Reason.SNOOZED: "its snooze is over",
}
"""What has ended when members that were kept quiet are told again, by the reason."""

# The kinds of calls that a reply may be by itself
REMINDER: Final = "reminder"
STANDS_IN: Final = "fallback"
RINGS_AGAIN: Final = "rise"


def notes_of(
    before: LastNotified, after: LastNotified, notification: Notification, lines: Collection[str] = ()
) -> tuple[Note, ...]:
    """Return the transitions that matter to whoever follows the thread; a first message needs none.

    `lines` are those that the thread has already.
    """
    if before.state is NotifiedState.NOTHING:
        return ()
    said = [
        _reopened(before, after, notification),
        _worse(before, after, notification),
        _paged(before, after, notification),
        joined_of(before, after, notification, lines),
        again_of(before, after, notification),
        *_covered(before, after, notification),
        _suppressed(before, after, notification),
        _person(before, after, notification),
        _over(before, after, notification),
    ]
    return tuple(msgspec.structs.replace(note, at=notification.at) for note in said if note is not None)


def reminder(notification: Notification, first_notified_at: int | None) -> Note:
    """Return the note that it still fires. Whether somebody has answered a page at its
    vendor is not known here.

    It fires for at least as long as people have known of it, whatever the clock of its source says.
    """
    since = earliest(notification.started_at, first_notified_at)
    length = spoken(notification.at - (since or notification.at))
    said = f"still firing after {length}, not acknowledged here"
    text = f"{_incident(notification)}: {_with(said, _how_often(notification))}"
    page = notification.page
    return Note(text, broadcast=True, mention=page, at=notification.at, call=REMINDER if page else "")


def _incident(notification: Notification) -> str:
    return f"{notification.severity.sign} {notification.title}"


def _how_often(notification: Notification) -> str:
    return notification.often.how_often() if notification.often is not None else ""


def _with(said: str, more: str) -> str:
    return f"{said} ({more})" if more else said


def _reopened(before: LastNotified, after: LastNotified, notification: Notification) -> Note | None:
    # The edited message is easily overlooked: whoever was told the end has to hear that it fires again.
    if after.state is not NotifiedState.FIRING or before.state is NotifiedState.FIRING:
        return None
    if before.state is NotifiedState.CLOSED:
        text = f"{_incident(notification)} {_why_no_longer_closed(before, after, notification)}"
    elif before.state is NotifiedState.MOVED:
        text = f"{_incident(notification)} fires on, and is told here again"
    else:
        text = f"{_incident(notification)} {_with('fires again', _how_often(notification))}"
    return Note(text, broadcast=True, mention=after.paged)


def _why_no_longer_closed(before: LastNotified, after: LastNotified, notification: Notification) -> str:
    # The close holds again after the bypass: whoever closed it need not do so once more.
    if notification.bypassed_by:
        return f"fires on: {notification.bypassed_by} ordered a bypass, which lifts the close by hand"
    if after.severity > before.severity:
        return "fires on: it got worse than when it was closed"
    return "fires on: the time it was closed for is over"


def _worse(before: LastNotified, after: LastNotified, notification: Notification) -> Note | None:
    if not _goes_on_firing(before, after) or after.severity <= before.severity:
        return None
    # The whole channel sees a rise to critical; a smaller one concerns those who follow the thread.
    return Note(
        f"{_incident(notification)} rose from {before.severity.word} to {after.severity.word}",
        broadcast=after.severity is Severity.CRITICAL,
    )


def _goes_on_firing(before: LastNotified, after: LastNotified) -> bool:
    return before.state is NotifiedState.FIRING and after.state is NotifiedState.FIRING


def _paged(before: LastNotified, after: LastNotified, notification: Notification) -> Note | None:
    # A target that pages as a fallback already has a note that says for whom it stands in.
    stands_in = any(failing and not before.covers.get(target) for target, failing in after.covers.items())
    if after.paged and not before.paged and before.state is NotifiedState.FIRING and not stands_in:
        step = notification.escalation
        why = f", by escalation, {step.in_words()}" if step is not None else ""
        return Note(f"{_incident(notification)} needs somebody now{why}", broadcast=True, mention=True)
    return None


def _covered(before: LastNotified, after: LastNotified, notification: Notification) -> Iterable[Note]:
    for target, failing in after.covers.items():
        # The readers here do not usually get this notification: they have to hear why it comes to them.
        if failing and not before.covers.get(target):
            text = f"{_incident(notification)}: {target} cannot be reached, this is its notification"
            # Where nobody was called before, the message calls them, and its reply belongs to that.
            call = STANDS_IN if before.paged and after.paged else ""
            yield Note(text, broadcast=True, mention=after.paged, call=call)
        elif not failing and before.covers.get(target):
            # The usual readers have the notification now, so whoever stood in may let go.
            yield Note(f"📟 {notification.title}: delivered at {target} now")


def _suppressed(before: LastNotified, after: LastNotified, notification: Notification) -> Note | None:
    """Note that news is kept quiet from now on, or no longer.

    The end of that is worth a line in the channel, its begin is not.
    """
    if any(
        after.members.get(episode) and episode not in after.silenced_after_notify
        for episode in before.silenced_after_notify
    ):
        text = f"{_incident(notification)} fires on: {_what_is_over(notification)}"
        call = RINGS_AGAIN if before.paged and after.paged else ""
        return Note(text, broadcast=True, mention=after.paged, call=call)
    if quieted_alerts(after) - quieted_alerts(before):
        quieted = notification.quieted
        said = quieted.in_words(notification.at) if quieted is not None else "suppressed"
        return Note(f"🔕 {notification.title}: {said}")
    return None


def _what_is_over(notification: Notification) -> str:
    hidden = notification.hidden
    was = f"{hidden.because}, {hidden.rule}" if hidden and hidden.because else hidden.rule if hidden else ""
    if notification.bypassed_by:
        # What kept it quiet goes on, and keeps it quiet again after the bypass: it must not be called over.
        lifts = f" ({hidden.reason}: {was})" if hidden else ""
        return f"{notification.bypassed_by} ordered a bypass, which suppresses nothing{lifts}"
    if hidden is None:
        return "it is suppressed no longer"
    return f"{OVER[Reason(hidden.reason)]} ({f'was: {was}' if hidden.because else was})"


def _person(before: LastNotified, after: LastNotified, notification: Notification) -> Note | None:
    if after.acknowledged_by and after.acknowledged_by != before.acknowledged_by:
        return Note(f"👀 {notification.title}: acknowledged by {notification.acknowledged_by}")
    if before.acknowledged_by and not after.acknowledged_by and after.state is NotifiedState.FIRING:
        # Nobody has the incident any more, and whoever relied on that person has to know.
        why = ": it got worse" if after.severity > before.severity else ""
        text = (
            f"{_incident(notification)}: the acknowledgement by {before.acknowledged_by} no longer holds{why}"
        )
        return Note(text, broadcast=True)
    return None


def _over(before: LastNotified, after: LastNotified, notification: Notification) -> Note | None:
    if after.state is before.state:
        return None
    title = notification.title
    if after.state is NotifiedState.ENDED:
        if notification.ended_because:
            return Note(f"⏹️ Ended: {title}, {notification.ended_because}")
        return Note(f"✅ Resolved: {title}, {_how_it_ended(notification)}")
    if after.state is NotifiedState.CLOSED:
        return Note(f"☑️ {title}: closed by {after.closed_by} while it still fires")
    if after.state is NotifiedState.MOVED:
        where = notification.moved_to or "no rule routes it here"
        return Note(f"➡️ {title}: no longer told here, {where}")
    return None


def _how_it_ended(notification: Notification) -> str:
    """Say how long it took and, of several alerts, which was the last to end."""
    ended_at = notification.at if notification.ended_at is None else notification.ended_at
    said = _with(f"after {spoken(ended_at - notification.started_at)}", _how_often(notification))
    last = latest(*(line.ended_at for line in notification.lines))
    ended = [line for line in notification.lines if line.ended_at is not None and line.ended_at == last]
    if not ended or notification.alerts < 2:
        return said
    return f"{said}. Last to end: {names_of(ended[:1], notification.lines)[0]}"

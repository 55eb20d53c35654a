"""The lines of a Slack message about since when, how long, how many, and who takes care of it."""

from __future__ import annotations

from gateway.model.durations import spoken
from gateway.model.ledger import NotifiedState
from gateway.model.notification import Notification
from gateway.outbound.slack.text import moment, plain


def facts_of(notification: Notification) -> str:
    facts = (_when(notification), _hushed(notification), _count(notification), _who(notification))
    return "\n".join(fact for fact in facts if fact)


def _when(notification: Notification) -> str:
    since = moment(notification.started_at, notification.at)
    often = _how_often(notification)
    match notification.state:
        case NotifiedState.ENDED:
            ended_at = notification.ended_at or notification.at
            lasted = spoken(ended_at - notification.started_at)
            ended = moment(ended_at, notification.at)
            return f"Fired {since}, ended {ended}: it took *{lasted}*{often}"
        # A person closed the incident, the alert goes on: the reader must not take the problem for solved.
        case NotifiedState.CLOSED:
            who = plain(notification.closed_by or "hand", 80)
            return f"Firing since {since}; closed by {who} while it still fires"
        # The problem goes on too, but the news about it comes to another place.
        case NotifiedState.MOVED:
            moved_to = plain(notification.moved_to, 200) or "no rule tells it here any longer"
            return f"Firing since {since}; {moved_to}"
        case _ if notification.quiet_until:
            closes = moment(notification.quiet_until, notification.at)
            return f"Fired {since}; nothing fires now, closes {closes}{often}"
        case _:
            return f"Firing since {since}{often}"


def _how_often(notification: Notification) -> str:
    """Say how often it fired, and since when this time; nothing of what fired once."""
    often = notification.often
    if often is None or often.times < 2:
        return ""
    again = f", this time since {moment(often.since, notification.at)}" if often.ended_at is None else ""
    return f"{again}; {often.how_often()}"


def _hushed(notification: Notification) -> str:
    until = (
        f", until {moment(notification.silenced_after_notify_until, notification.at)}"
        if notification.silenced_after_notify_until
        else ""
    )
    return (
        f"🔕 {plain(notification.silenced_after_notify, 200)}{until}"
        if notification.silenced_after_notify
        else ""
    )


def _count(notification: Notification) -> str:
    if notification.alerts < 2:
        return ""
    counts = {"firing": notification.firing, "ended": notification.ended, "moved": notification.moved}
    counted = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    return f"{notification.alerts} alerts: {counted}"


def _who(notification: Notification) -> str:
    # Nobody has to take over what has ended, was closed or is told elsewhere.
    if notification.state is not NotifiedState.FIRING:
        return ""
    if notification.acknowledged_by:
        since = moment(notification.acknowledged_at or notification.at, notification.at)
        return f"👀 {plain(notification.acknowledged_by, 80)} has it since {since}"
    owner = f" (owner: {plain(notification.owner, 60)})" if notification.owner else ""
    return "" if notification.quiet_until else f"Nobody has it yet{owner}"

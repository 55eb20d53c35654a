"""The lines of a Slack message about since when, how long, how many, and who takes care of it."""

from __future__ import annotations

from gateway.model.controls import Silence
from gateway.model.durations import spoken
from gateway.model.ledger import NotifiedState
from gateway.model.notification import Notification, Quieted
from gateway.model.verdict import Reason
from gateway.outbound.slack.text import moment, plain
from gateway.outbound.wording import in_all_of, not_sent


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
    """Say what keeps news of it from people, how that is ended, and what kept it from them until now."""
    lines = []
    if notification.quieted is not None:
        part = f"{notification.quieted.part}: " if notification.quieted.part else ""
        lines.append(f"🔕 {part}{_quieted(notification.quieted, notification.at)}")
    if notification.quieted is not None and notification.quieted.reason == Reason.SILENCED:
        name = plain(Silence.id_in(notification.quieted.rule), 40)
        lines.append(f"To end it: gateway silence end {name}")
    if notification.hidden is not None:
        lines.append(f"🔔 Told only now: {_quieted(notification.hidden, notification.at)}")
    return "\n".join(lines)


def _quieted(quieted: Quieted, now: int) -> str:
    shown = Quieted(
        quieted.reason, plain(quieted.rule, 200), plain(quieted.because, 300), quieted.until, quieted.part
    )
    return shown.said("" if quieted.until is None else moment(quieted.until, now))


def _count(notification: Notification) -> str:
    missing = not_sent(notification)
    if notification.alerts < 2:
        return missing
    counts = {"firing": notification.firing, "ended": notification.ended, "moved": notification.moved}
    counted = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    parts = (f"{notification.alerts} alerts: {counted}", in_all_of(notification), missing)
    return ", ".join(part for part in parts if part)


def _who(notification: Notification) -> str:
    # Nobody has to take over what has ended, was closed or is told elsewhere.
    if notification.state is not NotifiedState.FIRING:
        return ""
    if notification.acknowledged_by:
        since = moment(notification.acknowledged_at or notification.at, notification.at)
        return f"👀 {plain(notification.acknowledged_by, 80)} has it since {since}"
    owner = f" (owner: {plain(notification.owner, 60)})" if notification.owner else ""
    # While it is quiet, or kept quiet, nobody has to take it.
    untaken = not notification.quiet_until and not notification.all_quiet
    return f"Nobody has it yet{owner}" if untaken else ""

"""Say since when it fires, how many alerts, who has it and why: one wording for every destination.

A sentence consists of parts. A text is ours. A `Value` holds somebody else's words, in which nothing may act.
A `Moment` is a time, which each destination shows in its own way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.model.controls import Silence
from gateway.model.durations import spoken
from gateway.model.ledger import NotifiedState
from gateway.model.notification import Notification
from gateway.model.verdict import Reason
from gateway.model.worded import Quieted, TakenStep


@dataclass(frozen=True, slots=True)
class Value:
    text: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A time in ms; `ago` where people want to know how long ago it is, too."""

    at: int
    ago: bool = False


PAGES_SHOWN = 4

Part = str | Value | Moment
Sentence = tuple[Part, ...]


def facts_of(notification: Notification) -> dict[str, Sentence]:
    """Return what there is to say beside what is broken and where, by name, the most important first."""
    sentences: dict[str, Sentence] = {
        "since": _when(notification),
        "alerts": _count(notification),
        "escalation": _escalation(notification.escalation),
        "paged": _paged(notification),
        "who": _who(notification),
        "owner": _owner(notification),
        "suppressed": _quieted(notification),
        "to_end_it": _to_end_it(notification.quieted, notification.incident),
        "kept_quiet_before": ("🔔 Kept quiet before: ", *_said(notification.hidden))
        if notification.hidden
        else (),
        "reason": (Value(notification.reason),) if notification.reason else (),
        "left_out": _left_out(notification),
    }
    return {name: sentence for name, sentence in sentences.items() if sentence}


def in_words(sentence: Sentence, value: Callable[[str], str], moment: Callable[[Moment], str]) -> str:
    """Write a sentence as one text, in the destination's own way for values and times."""

    def written(part: Part) -> str:
        if isinstance(part, Value):
            return value(part.text)
        return moment(part) if isinstance(part, Moment) else part

    return "".join(map(written, sentence))


def _when(notification: Notification) -> Sentence:
    started = Moment(notification.started_at)
    since = ("Firing since ", Moment(notification.started_at, ago=True))
    match notification.state:
        case NotifiedState.ENDED:
            ended_at = notification.ended_at or notification.at
            if notification.ended_because:
                # Nothing was repaired, so nobody may read how long a repair took.
                because = ("Ended: ", Value(notification.ended_because), ". Fired ", started, ", ended ")
                return (*because, Moment(ended_at), *_how_often(notification))
            lasted = f": it took {spoken(ended_at - notification.started_at)}"
            return ("Fired ", started, ", ended ", Moment(ended_at), lasted, *_how_often(notification))
        # A person closed the incident, the alert goes on: the reader must not take the problem for solved.
        case NotifiedState.CLOSED:
            return (*since, "; closed by ", Value(notification.closed_by or "hand"), " while it still fires")
        # The problem goes on too, but the news about it comes to another place.
        case NotifiedState.MOVED:
            return (*since, "; ", Value(notification.moved_to or "no rule tells it here any longer"))
        case _ if notification.quiet_until:
            closes = ("; nothing fires now, closes ", Moment(notification.quiet_until))
            return ("Fired ", started, *closes, *_how_often(notification))
        case _:
            return (*since, *_how_often(notification))


def _how_often(notification: Notification) -> Sentence:
    """Say how often it fired, and since when this time; nothing of what fired once."""
    often = notification.often
    if often is None or often.times < 2:
        return ()
    again: Sentence = (", this time since ", Moment(often.since)) if often.ended_at is None else ()
    return (*again, f"; {often.how_often()}")


def _count(notification: Notification) -> Sentence:
    """Say how many alerts there are, and how many there may be of which nobody is told."""
    counts = {"firing": notification.firing, "ended": notification.ended, "moved": notification.moved}
    counted = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    known = f"{notification.alerts} alerts: {counted}" if notification.alerts > 1 else ""
    left = "that Alertmanager left out (max_alerts)"
    missing = f"and {notification.not_sent} more of this group {left}" if notification.not_sent else ""
    said = ", ".join(part for part in (known, _in_all(notification), missing) if part)
    return (said,) if said else ()


def _in_all(notification: Notification) -> str:
    """Say how many fire in all, where the group goes on in further incidents."""
    if not notification.elsewhere:
        return ""
    whole = notification.firing + notification.elsewhere
    return f"{whole} fire in all, {notification.elsewhere} of them in incidents that continue this one"


def _escalation(step: TakenStep | None) -> Sentence:
    """Say that nobody else has taken it: whoever is called by a step is not the first one."""
    if step is None:
        return ()
    because = step.because()
    said = f": {because}" if because else ""
    return (f"⏫ Escalation, step {step.number} of ", Value(step.route), said)


def _paged(notification: Notification) -> Sentence:
    """Say whom it has paged: that their service took it, and no more."""
    if notification.state is not NotifiedState.FIRING or not notification.pages:
        return ()
    parts: list[Part] = ["📟 Paged"]
    for target, at in [*notification.pages.items()][:PAGES_SHOWN]:
        parts += [", " if len(parts) > 1 else " ", Value(target), " ", Moment(at)]
    more = len(notification.pages) - PAGES_SHOWN
    return (*parts, f" +{more}") if more > 0 else tuple(parts)


def _who(notification: Notification) -> Sentence:
    """Say who has it: only what is known, and never that nobody answered."""
    who, at = notification.acknowledged_by, notification.acknowledged_at or notification.at
    if not who:
        return ()
    if notification.state is NotifiedState.FIRING:
        return ("👀 ", Value(who), " has it since ", Moment(at))
    # Nobody has to take over what has ended; whoever had it hears how fast it was.
    ended = notification.state is NotifiedState.ENDED
    return ("👀 ", Value(who), f" had it after {spoken(at - notification.started_at)}") if ended else ()


def _owner(notification: Notification) -> Sentence:
    firing = notification.state is NotifiedState.FIRING and notification.owner
    return ("Owner: ", Value(notification.owner)) if firing else ()


def _quieted(notification: Notification) -> Sentence:
    """Say what keeps news of it from people, and of how much of it."""
    quieted = notification.quieted
    if quieted is None:
        return ()
    return ("🔕 ", f"{quieted.part}: " if quieted.part else "", *_said(quieted))


def _said(quieted: Quieted) -> Sentence:
    """Say `silenced until 03:00: reindexing (silence s1 by anna)`."""
    until: Sentence = (" until ", Moment(quieted.until)) if quieted.until is not None else ()
    because: Sentence = (" — " if until else ": ", Value(quieted.because)) if quieted.because else ()
    return (quieted.reason, *until, *because, " (", Value(quieted.rule), ")")


def _to_end_it(quieted: Quieted | None, incident: str) -> Sentence:
    """Say how to end what a person made, so that whoever doubts it need not look for that."""
    if quieted is not None and quieted.reason == Reason.SILENCED:
        return ("To end it: gateway silence end ", Value(Silence.id_in(quieted.rule)))
    if quieted is not None and quieted.reason == Reason.SNOOZED:
        return (f"To end it: gateway incidents {incident} --unsnooze",)
    return ()


def _left_out(notification: Notification) -> Sentence:
    # Where updates are limited, the reader is told that this one skips states in between.
    if not notification.left_out:
        return ()
    changes = "update was" if notification.left_out == 1 else "updates were"
    return (f"{notification.left_out} {changes} left out since the last one; this is how it stands now",)

"""Write a handover as a text in Slack, as much of it as one section holds."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gateway.decisions.delivery.redaction import redact_matchers
from gateway.decisions.handover import HandedOver, Handover
from gateway.model.controls import Silence
from gateway.model.durations import spoken
from gateway.model.instants import moment
from gateway.outbound.slack.text import running

MAX_TEXT = 2_900  # https://docs.slack.dev/reference/block-kit/blocks/section-block: 3,000
MAX_LISTED = 10
MAX_TITLE, MAX_PART, CHANGES_SHOWN = 100, 60, 4
MORE = "`gateway handover` lists all"


def handover_text(handover: Handover, redact: Collection[str] = ()) -> str:
    """Return as many lines of each part as fit, and how many more there are.

    The values of the labels `redact` are not shown.
    """
    for most in range(MAX_LISTED, 0, -1):
        text = _text(handover, most, redact)
        if len(text) <= MAX_TEXT:
            return text
    return _text(handover, 0, redact)


def _text(handover: Handover, most: int, redact: Collection[str]) -> str:
    now, begin = handover.now, handover.begin
    earlier = f", and {handover.earlier_silences} from before" if handover.earlier_silences else ""
    silences = [_silence(silence, now, redact) for silence in handover.silences]
    return "\n".join(
        (
            f"*Handover* since {moment(begin.at, now)} ({running(begin.because, MAX_PART)})",
            *_part("Open", "", [_open(one, now) for one in handover.open], most),
            *_part("Changed", "", [_changed(one, now) for one in handover.changed], most, handover.unread),
            *_part("Snoozed", "", [_snoozed(one, now) for one in handover.snoozed], most),
            *_part("Silences made", earlier, silences, most),
        )
    )


def _part(title: str, remark: str, lines: Sequence[str], most: int, unread: int = 0) -> list[str]:
    """Return a headline with the number of lines, and the first of them; nothing is said to be none, too."""
    count = len(lines) + unread
    rest = count - len(lines[:most])
    more = [f"… and {rest} more: {MORE}"] if rest else []
    return [f"*{title}*: {count or 'none'}{remark}", *lines[:most], *more]


def _open(one: HandedOver, now: int) -> str:
    new = " · *new*" if one.is_new else ""
    return f"{one.severity.sign} {_named(one)} · {spoken(max(now - (one.fires_since or one.opened_at), 0))} · {_short(one.who)}{new}"


def _changed(one: HandedOver, now: int) -> str:
    shown = [f"{_short(change.what)} {moment(change.at, now)}" for change in one.changes[-CHANGES_SHOWN:]]
    return f"{one.severity.sign} {_named(one)} · {', '.join(shown)}"


def _snoozed(one: HandedOver, now: int) -> str:
    until = f" until {moment(one.until, now)}" if one.until is not None else ""
    return f"{one.severity.sign} {_named(one)} · {_short(one.who)}{until}"


def _silence(silence: Silence, now: int, redact: Collection[str]) -> str:
    matchers = running(", ".join(redact_matchers(silence.matchers, redact)), MAX_TITLE)
    end = f"{'ended' if silence.has_ended(now) else 'until'} {moment(silence.ends_at, now)}"
    return f"`{silence.id}` by {_short(silence.by)} {end}: {matchers}"


def _named(one: HandedOver) -> str:
    return f"`{one.incident}` {running(one.title, MAX_TITLE)}"


def _short(text: str) -> str:
    return running(text, MAX_PART)

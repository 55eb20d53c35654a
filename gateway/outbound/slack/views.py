"""The modals of Slack: making a silence, and why an incident is told or not.

https://docs.slack.dev/reference/views/modal-views
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gateway.model.durations import parse_duration, spoken
from gateway.outbound.slack.buttons import UNTIL_RESOLVED
from gateway.outbound.slack.text import plain_text, section
from gateway.outbound.wording import shorten, tame

SILENCE_VIEW = "silence"
DURATIONS = {
    "30m": "30 minutes",
    "1h": "1 hour",
    "4h": "4 hours",
    "8h": "8 hours",
    "1d": "1 day",
    "3d": "3 days",
    UNTIL_RESOLVED: "until what fires now has ended",
}
MAX_LINE, MAX_LINES, MAX_MATCHERS = 600, 40, 2_000
MAX_SECTION = 2_900

View = dict[str, Any]


class Asked(NamedTuple):
    """What a person has filled in; `duration` is empty until what fires has ended."""

    matchers: str
    duration: str
    reason: str
    ticket: str


def waiting(title: str) -> View:
    """Return a modal that is opened at once, while the answer is still looked for."""
    return _modal(title, [section(plain_text("Looking …"))])


def told(title: str, lines: Sequence[str]) -> View:
    """Return a modal that only says something."""
    shown = [shorten(tame(line), MAX_LINE) for line in lines[:MAX_LINES]]
    if len(lines) > MAX_LINES:
        shown.append(f"… and {len(lines) - MAX_LINES} more lines: gateway incidents ID")
    return _modal(title, [section(plain_text(text)) for text in _sections(shown)])


def silence(
    incident: str,
    channel: str,
    asked: Asked,
    hides: Sequence[str],
    *,
    warned: bool = False,
    reason_required: bool = False,
    wants_ticket: bool = False,
) -> View:
    """Return the modal of a silence with what it hides. `warned`: sent off once more, it is made in spite
    of that.
    """
    blocks = [
        _input("matchers", "What it keeps quiet", _text(asked.matchers, multiline=True)),
        _input("duration", "For how long", _select(asked.duration or UNTIL_RESOLVED)),
        _input("reason", "Why", _text(asked.reason), optional=not reason_required),
        *([_input("ticket", "Ticket", _text(asked.ticket))] if wants_ticket else []),
        *(section(plain_text(text)) for text in _sections([shorten(tame(line), MAX_LINE) for line in hides])),
    ]
    kept = json.dumps(
        {"incident": incident, "channel": channel, "warned": warned, "duration": asked.duration}
    )
    return _modal("Silence", blocks) | {
        "callback_id": SILENCE_VIEW,
        "private_metadata": kept,
        "submit": {"type": "plain_text", "text": "Silence it all the same" if warned else "Silence"},
    }


def values_of(values: Mapping[str, Any], also: str = "") -> Asked:
    """Return what was filled in. Raises `KeyError` where a field of ours is missing, or has what none offers.

    `also` is the length that the modal offers besides its own.
    """

    def text(name: str) -> str:
        return str((values.get(name, {}).get("value") or {}).get("value") or "")

    chosen = str(values["duration"]["value"]["selected_option"]["value"])
    if chosen not in DURATIONS and chosen != also:
        raise KeyError(chosen)
    duration = "" if chosen == UNTIL_RESOLVED else chosen
    return Asked(text("matchers"), duration, text("reason"), text("ticket"))


def _modal(title: str, blocks: list[View]) -> View:
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": title[:24]},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": blocks,
    }


def _input(name: str, label: str, element: View, *, optional: bool = False) -> View:
    return {
        "type": "input",
        "block_id": name,
        "label": {"type": "plain_text", "text": label},
        "element": element | {"action_id": "value"},
        "optional": optional,
    }


def _text(given: str, *, multiline: bool = False) -> View:
    shown: View = {"type": "plain_text_input", "multiline": multiline, "max_length": MAX_MATCHERS}
    return shown | {"initial_value": given[:MAX_MATCHERS]} if given else shown


def _select(chosen: str) -> View:
    offered = DURATIONS if chosen in DURATIONS else {chosen: spoken(parse_duration(chosen)), **DURATIONS}
    options = [
        {"text": {"type": "plain_text", "text": words}, "value": value} for value, words in offered.items()
    ]
    initial = next((option for option in options if option["value"] == chosen), options[1])
    return {"type": "static_select", "options": options, "initial_option": initial}


def _sections(lines: Sequence[str]) -> list[str]:
    """Put lines together into as few texts as Slack's limit for one allows."""
    texts: list[str] = []
    for line in lines:
        if texts and len(texts[-1]) + len(line) < MAX_SECTION:
            texts[-1] = f"{texts[-1]}\n{line}"
        else:
            texts.append(line)
    return texts

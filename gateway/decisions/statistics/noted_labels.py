"""Read the label that a person gives in a note elsewhere: `alert: noise, expected`."""

from __future__ import annotations

from typing import NamedTuple, get_args

from gateway.model.statistics.events import NoiseReason, Worth

_WORDS: dict[str, Worth] = {"actionable": "actionable", "noise": "noise"}


class NotedLabel(NamedTuple):
    value: Worth
    reason: str | None


def label_in_note(text: str, prefix: str) -> NotedLabel | None:
    """Return the label of a note that begins with the prefix, None for any other note.

    A reason that is none of the list is left out: the word of the person counts all the same.
    """
    said = " ".join(text.split())
    if not said.casefold().startswith(prefix.casefold()):
        return None
    word, _, why = said[len(prefix) :].partition(",")
    value = _WORDS.get(word.strip(" .!").casefold())
    if value is None:
        return None
    reason = why.strip(" .!").casefold()
    return NotedLabel(value, reason if value == "noise" and reason in get_args(NoiseReason) else None)

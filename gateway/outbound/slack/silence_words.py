"""Read what somebody writes behind `/alerts silence`, with the words of `gateway silence add` or in plain
ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.model.durations import parse_duration
from gateway.model.matchers import ALERT_NAME, MatcherError, parse_matchers
from gateway.outbound.slack.text import unescape
from gateway.outbound.slack.views import Asked

DEFAULT_SILENCE = "1h"
USAGE = "`/alerts silence ID`, or with matchers: `/alerts silence service=cart for 2h because of a deploy`"
_WORD = re.compile(r'(?:[^\s"]|"(?:\\.|[^"\\])*"?)+')
_INCIDENT = re.compile(r"[0-9a-z]{1,12}")
# Phones and desktops put these in the place of what was typed.
_TYPED = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "—": "--"})


@dataclass(frozen=True, slots=True)
class WrittenSilence:
    """`incident` is the id of an incident, empty where `asked` has matchers; `asked` has none for an
    incident.
    """

    incident: str
    asked: Asked


def read_silence(text: str) -> WrittenSilence | str:
    """Return what is asked for, or a sentence for its writer about what it is not."""
    words = iter(_WORD.findall(unescape(text).translate(_TYPED)))
    what, asked = list[str](), Asked("", DEFAULT_SILENCE, "", "")
    for word in words:
        match word.lower():
            case "for" | "--for" | "until" | "--until" | "--until-resolved":
                length = _length(word.lower().removeprefix("--"), words)
                if length is None:
                    return f"For how long? Write `for 2h` or `until resolved`. {USAGE}"
                asked = asked._replace(duration=length)
            case "--ticket":
                asked = asked._replace(ticket=next(words, "").strip('"'))
            case "because" | "--reason":
                # The last of all: whoever says why has no quotes in mind.
                asked = asked._replace(reason=" ".join(words).strip('"'))
            case other if other.startswith("--"):
                return f"There is no `{word[:40]}` here. {USAGE}"
            case _:
                what.append(word)
    if len(what) == 1 and _INCIDENT.fullmatch(what[0]):
        return WrittenSilence(what[0], asked)
    return WrittenSilence("", asked._replace(matchers="\n".join(_matchers(what))))


def _matchers(words: Sequence[str]) -> Sequence[str]:
    """Return a matcher a line; what is none as it stands is shown to its writer, who sees there what is
    wrong.
    """
    if words and words[0].startswith("{"):
        return [" ".join(words)]
    lines = [*_named(words)]
    try:
        for line in lines:
            parse_matchers(line)
    except MatcherError:
        return [" ".join(words)] if words else []
    return lines


def _named(words: Sequence[str]) -> Iterator[str]:
    """Write a bare alert name in the first place out, as `gateway silence` takes it."""
    for position, word in enumerate(words):
        bare = position == 0 and re.fullmatch(ALERT_NAME, word)
        yield f'alertname="{word}"' if bare else word


def _length(word: str, words: Iterator[str]) -> str | None:
    """Return the length behind this word, empty until what fires has ended; None where there is none."""
    if word == "until-resolved":
        return ""
    given = next(words, "").lower()
    if word == "until":
        return "" if given == "resolved" else None
    try:
        return given if parse_duration(given) > 0 else None
    except ValueError:
        return None

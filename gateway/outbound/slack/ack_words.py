"""Read what somebody writes behind `/alerts ack`: which incident, and the note that they leave."""

from __future__ import annotations

import re
from typing import NamedTuple

from gateway.outbound.slack.text import unescape
from gateway.outbound.wording import shorten, tame

MAX_NOTE = 500  # characters: it is a line of a thread, and of a note in PagerDuty
# Before the note may stand what the command line or a sentence has there; phones make one dash of two.
_SAYS_WHY = re.compile(r"(?:because\b|(?:--|\u2014)note\b)[:,]?", re.IGNORECASE)
_QUOTES = '"\u201c\u201d\u201e'


class WrittenAcknowledgement(NamedTuple):
    """`incident` is how the incident's id begins; `note` is one line, empty for none."""

    incident: str
    note: str


def read_acknowledgement(text: str) -> WrittenAcknowledgement:
    incident, _, rest = tame(unescape(text)).partition(" ")
    said = _SAYS_WHY.match(rest)
    note = rest[said.end() :] if said is not None else rest
    return WrittenAcknowledgement(incident, shorten(note.strip().strip(_QUOTES).strip(), MAX_NOTE))

"""The one function through which every text goes that reaches a terminal, a log or a vendor.

Labels, annotations, names and reasons are written by people whom nobody has checked. What they write is
shown, and acts on nobody: no escape sequence moves a cursor, fills a clipboard or hides a line.
"""

from __future__ import annotations

import re
from typing import Any

# Control characters, those without a width, and those that turn the direction of what follows: no label needs
# them.
UNSEEN = (
    "\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\uffff\ud800-\udfff\U000e0000-\U000e0fff"
)
_UNSEEN = re.compile(f"[{UNSEEN}]")
# What colours a terminal goes as a whole, or its end would stay as a text: CSI, OSC and the other escapes of
# https://ecma-international.org/publications-and-standards/standards/ecma-48/
_TERMINAL = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]{0,99}[ -/]{0,9}[@-~]|"
    r"(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]{0,999}(?:\x07|\x1b\\|\x9c)|"
    r"\x1b[ -/]{0,9}[0-~]"
)
# These move the cursor, a carriage return alone back to the start: what follows would be written
# over what stood there.
_MOVES = re.compile(r"\r(?!\n)|[\x0b\x0c\x85]")
_LINES = re.compile(r"[\r\n\x85\u2028\u2029]+")


def harmless(text: str) -> str:
    """Return a text without what acts on those who are shown it. Its lines, tabs and spaces stay as written."""
    if text.isascii() and text.isprintable():
        return text
    return _MOVES.sub(" ", _UNSEEN.sub("", _TERMINAL.sub("", text)))


def harmless_line(text: str) -> str:
    """Return a harmless text as one line: whatever would begin another is a blank."""
    return _LINES.sub(" ", harmless(text))


def harmless_values(found: Any) -> Any:
    """Return an answer of JSON with each of its texts, the names in it too, made harmless."""
    if isinstance(found, str):
        return harmless(found)
    if isinstance(found, dict):
        return {harmless(str(name)): harmless_values(value) for name, value in found.items()}
    if isinstance(found, (list, tuple)):
        return [harmless_values(value) for value in found]
    return found

"""Read JSON that the strict reader refuses, as far as nobody can doubt what is meant.

Python's own reader takes what senders write beside the standard: `NaN` and `Infinity`, half of a surrogate
pair (`\\ud83d`, where a text was cut inside an emoji), line breaks inside a text. Numbers stay as they were
written. A byte order mark is passed over, and a byte that is no UTF-8 becomes half of a surrogate pair too,
so that texts which differ stay different until they are shown.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import NamedTuple

from gateway.model.webhook import Number

MAX_NESTING = 200  # levels; what lies deeper is passed over, and nothing that is read does
_SPACE = re.compile(r"[ \t\n\r]*")
# A text, or a run of brackets; possessive, so that a body of a hundred thousand quotes takes no longer
_BRACKETS = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[{]+|[\]}]+', re.DOTALL)
_decoder = json.JSONDecoder(strict=False, parse_int=Number, parse_float=Number, parse_constant=Number)


class Element(NamedTuple):
    """One element of a list, with its text as it was written."""

    value: object
    raw: bytes


class Parts(NamedTuple):
    """A body taken apart: the fields of its object, and the elements of the list that matters in it."""

    fields: dict[str, object]
    elements: list[Element] | None


def read_object(body: bytes, name: str) -> Parts | None:
    """Read an object whose field `name` is a list. None where the body is no object.

    `elements` is None where there is no such list. Raises `ValueError` for what is no JSON.
    """
    return _read(body, name)


def read_one_or_many(body: bytes) -> Element | list[Element]:
    """Read a list by its elements, and anything else whole. Raises `ValueError` for what is no JSON."""
    text = _decoded(body)
    try:
        return _elements_of(text)
    except RecursionError:
        return _elements_of(_pruned(text))


def _read(body: bytes, name: str) -> Parts | None:
    text = _decoded(body)
    try:
        return _parts_of(text, name)
    except RecursionError:
        return _parts_of(_pruned(text), name)


def _decoded(body: bytes) -> str:
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return body.decode("utf-16", "replace")
    return body.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")


def _parts_of(text: str, name: str) -> Parts | None:
    cursor = _Cursor(text)
    if not cursor.takes("{"):
        # A list is told apart by its first sign: it may be too long to be read, and is none of ours anyway.
        if not cursor.takes("["):
            cursor.element()
        return None
    fields: dict[str, object] = {}
    elements: list[Element] | None = None
    if not cursor.takes("}"):
        while True:
            field = cursor.element().value
            cursor.demand(":")
            if field == name:
                elements = cursor.elements() if cursor.takes("[") else None
                if elements is None:
                    cursor.element()
            else:
                fields[str(field)] = cursor.element().value
            if not cursor.takes(","):
                break
        cursor.demand("}")
    cursor.demand_end()
    return Parts(fields, elements)


def _elements_of(text: str) -> Element | list[Element]:
    cursor = _Cursor(text)
    found = cursor.elements() if cursor.takes("[") else cursor.element()
    cursor.demand_end()
    return found


def _pruned(text: str) -> str:
    """Put null in the place of each value that lies too deep for a reader that calls itself."""
    kept: list[str] = []
    start, depth, cut_at = 0, 0, -1
    for match in _BRACKETS.finditer(text):
        first, length = text[match.start()], match.end() - match.start()
        if first in "[{":
            if cut_at < 0 and depth + length > MAX_NESTING:
                cut_at = match.start() + MAX_NESTING - depth
            depth += length
        elif first in "]}":
            depth -= length
            if cut_at >= 0 and depth <= MAX_NESTING:
                kept += (text[start:cut_at], "null")
                start, cut_at = match.end() - (MAX_NESTING - depth), -1
    # A value that lies too deep and never ends is no JSON: its reader finds the text cut off there.
    return "".join((*kept, text[start : cut_at if cut_at >= 0 else len(text)]))


class _Cursor:
    """A place in a text. Every method leaves it at the next sign that is no space."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._pass_space()

    def takes(self, sign: str) -> bool:
        """Go over this sign if it stands here."""
        if not self._text.startswith(sign, self._at):
            return False
        self._at += 1
        self._pass_space()
        return True

    def demand(self, sign: str) -> None:
        if not self.takes(sign):
            raise json.JSONDecodeError(f"Expecting '{sign}'", self._text, self._at)

    def demand_end(self) -> None:
        if self._at != len(self._text):
            raise json.JSONDecodeError("Extra data", self._text, self._at)

    def element(self) -> Element:
        start = self._at
        value, self._at = _decoder.raw_decode(self._text, start)
        raw = self._text[start : self._at].encode("utf-8", "surrogateescape")
        self._pass_space()
        return Element(value, raw)

    def elements(self) -> list[Element]:
        """Read the rest of a list whose first bracket was taken."""
        found: list[Element] = []
        if self.takes("]"):
            return found
        while True:
            found.append(self.element())
            if not self.takes(","):
                break
        self.demand("]")
        return found

    def _pass_space(self) -> None:
        match = _SPACE.match(self._text, self._at)
        self._at = match.end() if match else self._at

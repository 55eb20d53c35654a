"""The UTF-8 syntax of matchers, read as Alertmanager reads it.

Source: https://prometheus.io/docs/alerting/latest/configuration/#label-matchers
"""

from __future__ import annotations

import re

from gateway.model.rules.matcher_syntax import SPACE, MatcherError, Triple

_OPERATOR = re.compile(r"=~|!~|!=|=")
_SPACES = frozenset(SPACE)
RESERVED = _SPACES.union("{}!=~,\\\"'`")  # an unquoted word contains none of these
_SIMPLE_ESCAPES = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    '"': '"',
}
_HEX_LENGTHS = {"x": 2, "u": 4, "U": 8}


def utf8_matchers(text: str) -> list[Triple]:
    return _Utf8(text).read()


class _Utf8:
    """A reader of the UTF-8 syntax that goes through the text once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def read(self) -> list[Triple]:
        self._space()
        braced = self._take("{")
        triples: list[Triple] = []
        self._space()
        while self._at < len(self._text) and self._peek() != "}":
            triples.append(self._matcher())
            self._space()
            if not self._take(","):
                break
            self._space()
        if self._take("}") != braced:
            raise self._wrong("braces have to be opened and closed")
        self._space()
        if self._at < len(self._text):
            raise self._wrong(f"unexpected {self._text[self._at :][:20]!r}")
        return triples

    def _matcher(self) -> Triple:
        name = self._word("a label name")
        self._space()
        found = _OPERATOR.match(self._text, self._at)
        if found is None:
            raise self._wrong("an operator is expected here: =, !=, =~ or !~")
        self._at = found.end()
        self._space()
        return name, found.group(), self._word("a value")

    def _word(self, what: str) -> str:
        if self._peek() == '"':
            return self._quoted()
        begin = self._at
        while self._at < len(self._text) and self._text[self._at] not in RESERVED:
            self._at += 1
        if begin == self._at:
            raise self._wrong(f"{what} is expected here")
        return self._text[begin : self._at]

    def _quoted(self) -> str:
        """Read a Go string literal in double quotes (https://go.dev/ref/spec#String_literals)."""
        self._at += 1
        out = bytearray()
        while self._at < len(self._text):
            char = self._text[self._at]
            self._at += 1
            if char == '"':
                return self._decoded(out)
            if char == "\n":
                break
            out += self._escape() if char == "\\" else char.encode("utf-8", "surrogatepass")
        raise self._wrong("the double quote is not closed")

    def _escape(self) -> bytes:
        char = self._peek()
        self._at += 1
        if char in _SIMPLE_ESCAPES:
            return _SIMPLE_ESCAPES[char].encode()
        if char in _HEX_LENGTHS:
            return self._coded(char, _HEX_LENGTHS[char], 16)
        if char and char in "01234567":
            self._at -= 1
            return self._coded("o", 3, 8)
        raise self._wrong(f"unknown escape \\{char}")

    def _coded(self, kind: str, length: int, base: int) -> bytes:
        digits = self._text[self._at : self._at + length]
        self._at += len(digits)
        allowed = "01234567" if base == 8 else "0123456789abcdefABCDEF"
        if len(digits) != length or any(digit not in allowed for digit in digits):
            raise self._wrong("the escape has too few digits")
        number = int(digits, base)
        if kind in "xo":
            if number > 255:
                raise self._wrong("an octal escape is at most \\377")
            return bytes([number])
        if number > 0x10FFFF or 0xD800 <= number < 0xE000:
            raise self._wrong("the escape names no character")
        return chr(number).encode()

    def _decoded(self, out: bytearray) -> str:
        try:
            return out.decode()
        except UnicodeDecodeError as error:
            raise self._wrong("the quoted text is no valid UTF-8") from error

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self, char: str) -> bool:
        if self._peek() != char:
            return False
        self._at += 1
        return True

    def _space(self) -> None:
        while self._peek() in _SPACES:
            self._at += 1

    def _wrong(self, message: str) -> MatcherError:
        return MatcherError(f"{message} (at character {self._at + 1} of {self._text!r})", self._at)

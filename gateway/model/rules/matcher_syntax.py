"""The classic syntax of matchers, read as Alertmanager reads it.
`matcher_syntax_utf8.py` reads the other one.

Both give `(name, operator, value)` triples. Source:
https://prometheus.io/docs/alerting/latest/configuration/#label-matchers
"""

from __future__ import annotations

import re

Triple = tuple[str, str, str]

# Go's unicode.IsSpace; Python's str.isspace has four more.
SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
)
_CLASSIC = re.compile(
    r"[\t\n\f\r ]*([a-zA-Z_:][a-zA-Z0-9_:]*)[\t\n\f\r ]*(=~|=|!=|!~)[\t\n\f\r ]*((?s:.*?))[\t\n\f\r ]*",
)


class MatcherError(ValueError):
    """A text that is no matcher. `offset` is the place of the fault in the text, in characters."""

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.offset = offset


def classic_matchers(text: str) -> list[Triple]:
    inner, start = _unbraced(text)
    return [_classic(part, start + offset) for part, offset in _classic_parts(inner)]


def _unbraced(text: str) -> tuple[str, int]:
    return text.removeprefix("{").removesuffix("}"), int(text.startswith("{"))


def _classic_parts(text: str) -> list[tuple[str, int]]:
    """Split the text at commas outside of quotes; a trailing comma is allowed."""
    parts: list[tuple[str, int]] = []
    begin, quoted, escaped = 0, False, False
    for at, char in enumerate(text):
        if char == ",":  # Alertmanager keeps an escape open across a comma
            if not quoted:
                parts.append((text[begin:at], begin))
                begin = at + 1
            continue
        if char == '"' and not escaped:
            quoted = not quoted
        escaped = char == "\\" and not escaped
    last = text[begin:].lstrip(SPACE)
    if last:
        parts.append((last.rstrip(SPACE), len(text) - len(last)))
    return parts


def _classic(text: str, offset: int) -> Triple:
    found = _CLASSIC.fullmatch(text)
    if found is None:
        raise MatcherError(
            f'bad matcher format: {text.strip()!r}; write name="value", with =, !=, =~ or !~', offset
        )
    name, operator, raw = found.groups()
    return name, operator, _classic_value(raw, offset + found.start(3))


def _classic_value(raw: str, offset: int) -> str:
    if any("\ud800" <= char <= "\udfff" for char in raw):
        raise MatcherError(f"the value {raw!r} is no valid UTF-8", offset)
    quoted = raw.startswith('"')
    body = raw[1:] if quoted else raw
    value: list[str] = []
    escaped = False
    for at, char in enumerate(body):
        if escaped:
            escaped = False
            # The classic syntax knows three escapes and keeps the
            # backslash of any other, as Alertmanager does.
            value.append({"n": "\n", '"': '"', "\\": "\\"}.get(char, "\\" + char))
        elif char == "\\":
            if at == len(body) - 1:
                value.append("\\")
            escaped = True
        elif char == '"':
            if not quoted or at != len(body) - 1:
                raise MatcherError(f"the value {raw!r} contains an unescaped double quote", offset + at)
            return "".join(value)
        else:
            value.append(char)
    if quoted:
        raise MatcherError(f"the value {raw!r} has no closing double quote", offset + len(raw))
    return "".join(value)

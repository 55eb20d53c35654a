"""Matchers with Alertmanager's meaning: four operators, anchored RE2, a missing label is the empty string."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

import re2

from gateway.model.rules.matcher_syntax import MatcherError, classic_matchers
from gateway.model.rules.matcher_syntax_utf8 import RESERVED, utf8_matchers

__all__ = ["ALERT_NAME", "Labels", "Matcher", "MatcherError", "Mode", "Op", "parse_matchers"]

ALERT_NAME = r"[A-Za-z_][A-Za-z0-9_:.-]*"
"""What people may write for an alert's name alone, where they could write a matcher."""

Labels = Mapping[str, str]
Mode = Literal["fallback", "utf8", "classic"]

CACHE_SIZE = 1024  # remembered values per pattern; one google-re2 call costs ten dictionary look-ups
# RE2 takes \C for a single byte; Go's reading of RE2, which Alertmanager uses, refuses it.
_ONE_BYTE = re2.compile(r"(?:^|[^\\])(?:\\\\)*\\C")
# A name and a value in double quotes, in which no character means anything to either syntax.
_PLAIN_PART = r'[ ]*([a-zA-Z_][a-zA-Z0-9_]*)[ ]*(=~|!~|!=|=)[ ]*"([ !#-+\-.-\[\]-z|~]*)"[ ]*'
_PLAIN = re.compile(_PLAIN_PART)
_PLAIN_LIST = re.compile(f"{_PLAIN_PART}(?:,{_PLAIN_PART})*")
_SPECIAL = frozenset("\\.+*?()[]{}^$|")
# RE2 remembers the states that a pattern was in, by default in 8 MiB each
# (https://github.com/google/re2/blob/main/re2/re2.h): a thousand hostile patterns would fill the memory.
# With less it answers the same, hardly slower.
_PATTERN_BYTES = 1 << 20
_LARGE_PATTERN_BYTES = 8 << 20  # RE2's own default, for a pattern that is too large for less


class Op(StrEnum):
    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


# A rule set may have a hundred thousand matchers: to look an operator up here is faster than to ask the enum.
_OPS = {op.value: op for op in Op}
_NEGATED = frozenset((Op.NOT_EQUAL, Op.NOT_REGEX))
_LITERAL = frozenset((Op.EQUAL, Op.NOT_EQUAL))


class Matcher:
    """One condition on one label. Raises `MatcherError` for a pattern that RE2 does not take."""

    __slots__ = ("_literals", "_pattern", "_remembered", "name", "negated", "op", "value")

    def __init__(self, name: str, op: str, value: str) -> None:
        self.name, self.op, self.value = name, _OPS.get(op) or Op(op), value
        self.negated = op in _NEGATED
        self._remembered: dict[str, bool] = {}
        self._literals: frozenset[str] | None = None
        self._pattern = None
        if op in _LITERAL:
            self._literals = frozenset((value,))
        else:
            self._literals = _alternatives(value)
            self._pattern = compile_pattern(value)

    @property
    def literals(self) -> frozenset[str] | None:
        """Return the values that an equality or an alternation (`a|b`) names, None for a real pattern."""
        return self._literals

    @property
    def instructions(self) -> int:
        """Return how many instructions RE2 made of the pattern, 0 where there is no real pattern."""
        return self._pattern.programsize if self._pattern is not None and self._literals is None else 0

    def accepts(self, value: str) -> bool:
        """Return whether the value matches, before a negation is applied."""
        if self._literals is not None:
            return value in self._literals
        known = self._remembered.get(value)
        if known is None:
            if len(self._remembered) >= CACHE_SIZE:
                # A label with endless values, such as a pod's name, must not fill the memory. To forget them
                # all at once is cheaper than to keep their order.
                self._remembered.clear()
            known = self._remembered[value] = self.accepts_afresh(value)
        return known

    def accepts_afresh(self, value: str) -> bool:
        """Return the same for a pattern without remembering it, for a caller that remembers by itself."""
        try:
            return self._pattern is not None and self._pattern.fullmatch(value) is not None
        except UnicodeEncodeError:  # a lone surrogate is no UTF-8: no pattern describes it
            return False

    def matches(self, labels: Labels) -> bool:
        # An alert without the label counts as empty in Alertmanager,
        # so `team!="a"` matches an alert without a team.
        return self.accepts(labels.get(self.name, "")) is not self.negated

    def __str__(self) -> str:
        name = self.name if self.name and RESERVED.isdisjoint(self.name) else _quoted(self.name)
        return f"{name}{self.op}{_quoted(self.value)}"

    def __repr__(self) -> str:
        return f"Matcher({self})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Matcher) and (self.name, self.op, self.value) == (
            other.name,
            other.op,
            other.value,
        )

    def __hash__(self) -> int:
        return hash((self.name, self.op, self.value))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def compile_pattern(pattern: str) -> re2._Regexp:
    """Compile a pattern as Alertmanager does, anchored at both ends. Raises `MatcherError`."""
    try:
        if _ONE_BYTE.search(pattern):
            raise MatcherError(f"the pattern {pattern!r} holds \\C, which Alertmanager does not take")
        try:
            return _compiled(pattern, _PATTERN_BYTES)
        except re2.error:
            return _compiled(pattern, _LARGE_PATTERN_BYTES)
    except (re2.error, UnicodeEncodeError) as error:
        said = error.args[0] if error.args else error
        why = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(error)
        raise MatcherError(f"the pattern {pattern!r} is no RE2 expression: {why}", 0) from error


def _compiled(pattern: str, max_bytes: int) -> re2._Regexp:
    options = re2.Options()
    # RE2 would also write the error to stderr, past the log; the operator gets it as the raised error.
    options.log_errors = False
    options.max_mem = max_bytes
    return re2.compile(f"^(?:{pattern})$", options)


def _alternatives(pattern: str) -> frozenset[str] | None:
    """Return the values of `a|b|c` or `(a|b)`, None where the pattern is more than that."""
    inner = pattern[1:-1] if pattern.startswith("(") and pattern.endswith(")") else pattern
    parts = inner.split("|")
    # A look-up in a set is far cheaper than a pattern, and most rules only list a few values.
    return None if any(_SPECIAL & set(part) for part in parts) else frozenset(parts)


def parse_matchers(text: str, mode: Mode = "fallback") -> tuple[Matcher, ...]:
    """Parse one matcher or several, in braces or not. Raises `MatcherError`, a `ValueError` with an `offset`.

    The mode `fallback` is Alertmanager's default: where both syntaxes take the text and disagree, the classic
    one wins (https://prometheus.io/docs/alerting/latest/configuration/#label-matchers).
    """
    return tuple(Matcher(*parts) for parts in _read(text, mode))


def _read(text: str, mode: Mode) -> list[tuple[str, str, str]]:
    # Nearly all matchers are so plain that both syntaxes read them alike; a large rule set has many.
    if _PLAIN_LIST.fullmatch(text):
        return _PLAIN.findall(text)
    if mode == "classic":
        return classic_matchers(text)
    try:
        modern = utf8_matchers(text)
    except MatcherError:
        if mode == "utf8":
            raise
        # If the classic syntax does not take the text either, the error of the UTF-8 syntax is shown.
        try:
            return classic_matchers(text)
        except MatcherError:
            return utf8_matchers(text)
    if mode == "utf8":
        return modern
    # Both take the text. Where they disagree Alertmanager logs a warning and uses the classic reading.
    try:
        return classic_matchers(text)
    except MatcherError:
        return modern

"""Matchers with Alertmanager's meaning: four operators, anchored RE2, a missing label is the empty string."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

import re2

from gateway.model.rules.matcher_syntax import MatcherError, classic_matchers
from gateway.model.rules.matcher_syntax_utf8 import RESERVED, utf8_matchers

__all__ = ["Labels", "Matcher", "MatcherError", "Mode", "Op", "parse_matchers"]

Labels = Mapping[str, str]
Mode = Literal["fallback", "utf8", "classic"]

CACHE_SIZE = 1024  # remembered values per pattern; one google-re2 call costs ten dictionary look-ups
# RE2 takes \C for a single byte; Go's reading of RE2, which Alertmanager uses, refuses it.
_ONE_BYTE = re2.compile(r"(?:^|[^\\])(?:\\\\)*\\C")
_SPECIAL = frozenset("\\.+*?()[]{}^$|")


class Op(StrEnum):
    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


class Matcher:
    """One condition on one label. Raises `MatcherError` for a pattern that RE2 does not take."""

    __slots__ = ("_literals", "_pattern", "_remembered", "name", "negated", "op", "value")

    def __init__(self, name: str, op: str, value: str) -> None:
        self.name, self.op, self.value = name, Op(op), value
        self.negated = self.op in (Op.NOT_EQUAL, Op.NOT_REGEX)
        self._remembered: dict[str, bool] = {}
        self._literals: frozenset[str] | None = None
        self._pattern = None
        if self.op in (Op.EQUAL, Op.NOT_EQUAL):
            self._literals = frozenset((value,))
        else:
            self._literals = _alternatives(value)
            self._pattern = compile_pattern(value)

    @property
    def literals(self) -> frozenset[str] | None:
        """Return the values that an equality or an alternation (`a|b`) names, None for a real pattern."""
        return self._literals

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
            known = self._remembered[value] = self._search(value)
        return known

    def _search(self, value: str) -> bool:
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
    options = re2.Options()
    # RE2 would also write the error to stderr, past the log; the operator gets it as the raised error.
    options.log_errors = False
    try:
        if _ONE_BYTE.search(pattern):
            raise MatcherError(f"the pattern {pattern!r} holds \\C, which Alertmanager does not take")
        return re2.compile(f"^(?:{pattern})$", options)
    except (re2.error, UnicodeEncodeError) as error:
        said = error.args[0] if error.args else error
        why = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(error)
        raise MatcherError(f"the pattern {pattern!r} is no RE2 expression: {why}", 0) from error


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

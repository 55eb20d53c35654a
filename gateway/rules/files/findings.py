"""Findings: errors and warnings about rule files, with their places."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from gateway.model.rules.origin import Origin


class Level(StrEnum):
    """The weight of a finding. An error refuses the whole rule set, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a rule file. Line and column count from 1, as in editors.

    `file` leads there from where `gateway check` was called; `name` is the file within the folder of the
    rules, as messages name it wherever they are read.
    """

    file: str
    line: int = 1
    column: int = 1
    name: str = ""

    @property
    def origin(self) -> Origin:
        return Origin(self.name or self.file, self.line)


@dataclass(frozen=True, slots=True)
class Finding:
    """One error or warning, shown as `file:line:column: message`.

    `elsewhere` says that another file of the set may have what is missing.
    """

    level: Level
    place: Place
    message: str
    elsewhere: bool = False

    def __str__(self) -> str:
        kind = "" if self.level is Level.ERROR else "warning: "
        return f"{self.place.file}:{self.place.line}:{self.place.column}: {kind}{self.message}"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean …?` with the known name that is most similar, or an empty text if none is."""
    found = get_close_matches(name, list(known), 1, 0.6)
    return f"; did you mean `{found[0]}`?" if found else ""

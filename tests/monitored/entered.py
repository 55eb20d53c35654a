"""Which `except` clauses were entered while a test ran."""

from __future__ import annotations

import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from tests.monitored.excepts import CRITICAL, clauses
from tests.monitored.source import GATEWAY

Tracer = Callable[[FrameType, str, Any], Any]


class Entered:
    """Watches the functions of the gateway that have a critical clause, line by line, and no other."""

    def __init__(self) -> None:
        self.clauses: set[str] = set()
        self._lines: dict[tuple[str, int], str] = {}
        self._functions: dict[str, set[str]] = defaultdict(set)
        for clause in clauses():
            if clause.sort in CRITICAL:
                path = str(GATEWAY / clause.module)
                self._lines[path, clause.line] = clause.name
                self._functions[path].add(clause.function.rpartition(".")[2])

    def _call(self, frame: FrameType, _event: str, _value: Any) -> Tracer | None:
        names = self._functions.get(frame.f_code.co_filename)
        return self._line if names is not None and frame.f_code.co_name in names else None

    def _line(self, frame: FrameType, _event: str, _value: Any) -> Tracer:
        clause = self._lines.get((frame.f_code.co_filename, frame.f_lineno))
        if clause is not None:
            self.clauses.add(clause)
        return self._line

    @contextmanager
    def watching(self) -> Iterator[None]:
        before = sys.gettrace()
        sys.settrace(self._call)
        threading.settrace(self._call)
        try:
            yield
        finally:
            sys.settrace(before)
            threading.settrace(before)  # type: ignore[arg-type]

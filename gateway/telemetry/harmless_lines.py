"""Nothing in a line of the log is a secret, or acts on a terminal: each text of it is gone through."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from typing import Any

from structlog.typing import EventDict, WrappedLogger

from gateway.model.harmless import harmless, harmless_line, harmless_values

HIDDEN = "[secret]"
TRACEBACKS = ("exception", "stack")


class HideSecrets:
    """Replaces known secret values wherever they stand, tracebacks included. `secrets` may grow later."""

    def __init__(self, secrets: Collection[str]) -> None:
        self._given = secrets
        self._size = -1
        self._found = _any_of([])
        self._in_json: tuple[str, ...] = ()

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        self._learn()
        return {key: value if key.startswith("_") else self.hide(value) for key, value in event.items()}

    def stand_in(self, json_line: str) -> bool:
        """Return whether any secret may stand in a text of this line, which is written in JSON."""
        self._learn()
        return any(secret in json_line for secret in self._in_json)

    def _learn(self) -> None:
        if len(self._given) != self._size:
            self._size = len(self._given)
            known = tuple(filter(None, self._given))
            self._found = _any_of(known)
            self._in_json = tuple(json.dumps(secret)[1:-1] for secret in known)

    def hide(self, value: object) -> object:
        if isinstance(value, str):
            return self._found.sub(HIDDEN, value)
        if isinstance(value, dict):
            return {self.hide(key): self.hide(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.hide(inner) for inner in value]
        if value is None or isinstance(value, (bool, int, float)):
            return value
        return self.hide(repr(value))  # a renderer would write its repr, with whatever secret is in it


class MakeHarmless:
    """Takes out of every text what acts on a terminal. Only a traceback has several lines."""

    def __init__(self, *, one_line: bool) -> None:
        self._shown = harmless_line if one_line else harmless

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {
            key: value
            if key.startswith("_")
            else harmless_values(value)
            if key in TRACEBACKS
            else self._values(value)
            for key, value in event.items()
        }

    def _values(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._shown(value)
        if isinstance(value, dict):
            return {self._values(key): self._values(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._values(inner) for inner in value]
        return value


def _any_of(secrets: Sequence[str]) -> re.Pattern[str]:
    """Return a pattern of all secrets, the longest first, so that one which contains another is found whole.

    Without any secret the pattern never matches.
    """
    ordered = sorted(secrets, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, ordered)) or r"(?!)")

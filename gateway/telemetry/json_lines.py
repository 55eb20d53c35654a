"""A line of the log in JSON, which is encoded once and looked through once.

Hardly any line holds a secret, or a character that acts on a terminal. The encoded line tells whether it
does, since the encoder writes each character in one way only, wherever it stands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from structlog.typing import EventDict, Processor, WrappedLogger

from gateway.telemetry.harmless_lines import HideSecrets

# All that `harmless` takes out (`model/harmless.py`), as the encoder writes it. The pattern may find what acts on
# nobody: each text of the line is gone through then, and stays as it is.
_ACTING = re.compile(
    r"\\[bfr]|\\u(?:00[0189]|007f|00ad|061c|115f|1160|180e|20[026]|3164|d[89a-f]|feff|ff[af])"
)

_encode = json.JSONEncoder().encode


class JsonLine:
    """The last processor of structlog: it renders the line.

    `cleaning` are the processors that go through each text and take out what has no place in a line, the
    secrets of `hide` among it. They are asked only where the line may hold any of it. `also_to` is handed the
    line as it is written.
    """

    def __init__(self, hide: HideSecrets, cleaning: Sequence[Processor], also_to: Processor) -> None:
        self._hide = hide
        self._cleaning = cleaning
        self._also_to = also_to

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> str:
        line = _written(event)
        if line is None or self._hide.stand_in(line) or _acts(line):
            for clean in self._cleaning:
                event = clean(logger, method, event)  # type: ignore[assignment]
            line = _encode(event)
        self._also_to(logger, method, event)
        return line


def _written(event: EventDict) -> str | None:
    """Return the line in JSON; None where it holds something for which JSON has no word."""
    try:
        return _encode(event)
    except (TypeError, ValueError):
        return None


def _acts(line: str) -> bool:
    """Return whether a line in JSON may act on a terminal, which no line without an escape does."""
    return "\\" in line and _ACTING.search(line) is not None

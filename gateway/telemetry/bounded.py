"""Values of labels are few: a label that users can fill without end would make series without end."""

from __future__ import annotations

OTHER = "other"


class Bounded:
    """Gives the first `most` names as they are, and `other` for every further one.

    A name that has gone keeps its place, since its series stay too: rules that are reloaded again and again
    must not make series without end.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: set[str] = set()

    def __call__(self, name: str) -> str:
        if name not in self._known:
            if len(self._known) >= self._most:
                return OTHER
            self._known.add(name)
        return name

"""The changes at the topics of inhibition, and the error of two sets of changes that contradict each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.model.agenda import Subject


class MergeConflict(ValueError):
    """Two sets of changes contradict each other, so they cannot be committed as one; the text names what they
    disagree on.
    """


def demand_agreement(what: str, ours: Mapping[Any, object], theirs: Mapping[Any, object]) -> None:
    """Raise `MergeConflict` where two mappings have different values for one key."""
    for key, value in theirs.items():
        if ours.get(key, value) != value:
            raise MergeConflict(f"{what} has two values for {key}")


@dataclass(slots=True)
class Topics:
    """The sources that come to topics or leave them, and the subjects of the agenda that subscribe to topics.

    Subscribers are looked at again when the first source comes to a topic, or the last one goes. Pairs are of
    a topic and an alert, or of a topic and a subject. `seen` is the source that the decision found (empty:
    none); where it is another by now, the race is lost.
    """

    add: list[tuple[str, str]] = field(default_factory=list)
    remove: list[tuple[str, str]] = field(default_factory=list)
    subscribe: list[tuple[str, Subject]] = field(default_factory=list)
    unsubscribe: list[tuple[str, Subject]] = field(default_factory=list)
    seen: dict[str, str] = field(default_factory=dict)

    def merge(self, other: Topics) -> None:
        """Take the other's changes in.

        Raises `MergeConflict` where both found somebody else at the same topic.
        """
        demand_agreement("topics.seen", self.seen, other.seen)
        self.add += other.add
        self.remove += other.remove
        self.subscribe += other.subscribe
        self.unsubscribe += other.unsubscribe
        self.seen |= other.seen

"""Labels: which of those given to a page count, and which one is in force."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from gateway.model.statistics.events import Label, LabelWithdrawn, Trust, Worth
from gateway.model.statistics.facts import NO_LABELS, InForce, LabelSummary
from gateway.model.statistics.settings import ActionableWord, PrecisionSettings

_WORDS: Mapping[Trust, ActionableWord | None] = {
    "person": "human_label", "pagerduty_human": "pagerduty_human_ack_and_resolve", "slack_ack_note": "slack_ack_and_note",
    "self_resolved": None,
}  # fmt: skip
RANK: Mapping[Trust, int] = {"person": 3, "pagerduty_human": 2, "slack_ack_note": 1, "self_resolved": 0}
UNKNOWN_PERSON = "unknown"


def is_heard(label: Label, settings: PrecisionSettings) -> bool:
    """Return whether the rules count a label of this kind. What a person says was missed always is."""
    if label.value == "missed":
        return True
    if label.value == "actionable":
        return _WORDS[label.trust] in settings.actionable
    if label.trust == "self_resolved":
        return settings.resolved_by_itself_within is not None
    return settings.noise_by_people or label.trust != "person"


class LabelBook:
    """All labels, by the page or the episode that they judge, and when each was first withdrawn."""

    def __init__(self, labels: Iterable[Label], withdrawals: Iterable[LabelWithdrawn]) -> None:
        self.of_page: dict[str, list[Label]] = defaultdict(list)
        self.of_episode: dict[str, list[Label]] = defaultdict(list)
        self._withdrawn: dict[str, int] = {}
        for label in labels:
            for page in dict.fromkeys(label.pages):
                self.of_page[page].append(label)
            if label.episode is not None:
                self.of_episode[label.episode].append(label)
        for withdrawal in withdrawals:
            earlier = self._withdrawn.get(withdrawal.label, withdrawal.at)
            self._withdrawn[withdrawal.label] = min(earlier, withdrawal.at)

    def summary(self, page: str, at: int, cutoff: int) -> LabelSummary:
        given = [label for label in self.of_page.get(page, ()) if label.value != "missed"]
        if not given:
            return NO_LABELS
        sorted_out = self.sort_out(given, at + cutoff)
        people = [label for label in sorted_out.counted if label.trust == "person"]
        implied = [label for label in sorted_out.counted if label.trust != "person"]
        strongest, word, guess = strongest_of(sorted_out.counted), strongest_of(people), strongest_of(implied)
        return LabelSummary(
            in_force=None
            if strongest is None
            else InForce(strongest.value, strongest.trust, strongest.reason),
            person=None if word is None else word.value,
            implied_class=None if guess is None else guess.trust,
            implied=None if guess is None else guess.value,
            conflict=_differ(sorted_out.counted),
            conflict_persons=_differ(people),
            withdrawn=sorted_out.withdrawn,
            late=sorted_out.late,
        )

    def sort_out(self, given: Iterable[Label], until: int) -> SortedOut:
        """Return the labels that count up to and with `until`: of each giver the newest, unless withdrawn.

        A withdrawal after that changes nothing any more, just as a label does.
        """
        newest: dict[str, Label] = {}
        withdrawn = late = False
        for label in given:
            if label.at > until:
                late = True
                continue
            late = late or self._withdrawn.get(label.id, until) > until
            withdrawn = withdrawn or self._is_withdrawn(label, until)
            giver = giver_of(label)
            if giver not in newest or (label.at, label.id) > (newest[giver].at, newest[giver].id):
                newest[giver] = label
        # Whoever takes the newest word back has none: an older one, which it had replaced, does not return.
        counted = [label for label in newest.values() if not self._is_withdrawn(label, until)]
        return SortedOut(counted, withdrawn, late)

    def _is_withdrawn(self, label: Label, until: int) -> bool:
        return self._withdrawn.get(label.id, until + 1) <= until


class SortedOut(NamedTuple):
    counted: list[Label]
    withdrawn: bool
    late: bool


def giver_of(label: Label) -> str:
    """Return whose word it is: each person's, and each implied trust's."""
    return f"person {label.by or UNKNOWN_PERSON}" if label.trust == "person" else label.trust


def strongest_of(counted: Sequence[Label]) -> Label | None:
    """Return the label in force: the highest trust, then the newest, then the greater id bytewise."""
    return max(counted, key=lambda label: (RANK[label.trust], label.at, label.id), default=None)


def _differ(counted: Sequence[Label]) -> bool:
    values: set[Worth] = {label.value for label in counted}
    return len(values) > 1

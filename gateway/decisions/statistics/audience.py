"""Who may see whose load: `precision.persons` and whoever reads the report decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.decisions.statistics.load import RowLoad, load_of, nothing_shown
from gateway.decisions.statistics.spans import Span
from gateway.model.statistics.facts import Facts, Key, PairFact, Person, Shift
from gateway.model.statistics.request import By, Viewer
from gateway.model.statistics.settings import PrecisionSettings


class Audience:
    """What whoever reads the report may see of persons."""

    def __init__(
        self, settings: PrecisionSettings, viewer: Viewer, by: By, facts: Facts, exact_since: int | None
    ) -> None:
        self._settings = settings
        self._viewer = viewer
        self._by = by
        self._facts = facts
        self._exact_since = exact_since or 0

    @property
    def sums_of_four(self) -> bool:
        return self._settings.persons == "team" and self._facts.persons_known

    def sees(self, key: Key) -> bool:
        """Whether the row of a person may be shown. Nobody is kept from seeing themselves."""
        if self._by != "person" or key is None:
            return True
        if self._settings.persons == "off":
            return False
        everybody = self._settings.persons == "all" and self._viewer.administers
        return everybody or key == self._viewer.person

    def load(self, key: Key, pairs: Sequence[PairFact], span: Span) -> RowLoad:
        hidden = self._hidden(span)
        if hidden is not None:
            return hidden
        if self._settings.persons == "self":
            pairs = [pair for pair in pairs if pair.person == self._viewer.person]
        # Whether a call is over the budget depends on those before it, back to `per`.
        expired = span.begin - self._settings.budget_per < self._exact_since
        return load_of(pairs, self._shifts(key), span, self._settings, expired=expired)

    def _hidden(self, span: Span) -> RowLoad | None:
        settings = self._settings
        if settings.persons == "off":
            return RowLoad(nothing_shown(settings, "off", "persons_off"), 0, 0)
        if not self._facts.persons_known:
            return RowLoad(nothing_shown(settings, "unavailable", "persons_unavailable"), 0, 0)
        if settings.persons == "self":
            # Whoever is nobody in particular has no load of their own to see.
            if self._viewer.person is None:
                return RowLoad(nothing_shown(settings, "off", "persons_off"), 0, 0)
            # The names of compacted days are gone, so nobody finds themselves in them.
            if span.begin < self._exact_since:
                return RowLoad(nothing_shown(settings, "shown", "expired"), 0, 0)
        return None

    def _shifts(self, key: Key) -> Mapping[Person, Sequence[Shift]]:
        shifts = self._facts.shifts
        own = (
            key if self._by == "person" else self._viewer.person if self._settings.persons == "self" else None
        )
        if self._by != "person" and self._settings.persons != "self":
            return shifts
        return {own: shifts.get(own, ())} if own is not None else {}

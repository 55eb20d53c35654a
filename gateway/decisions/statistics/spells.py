"""Spells: what was kept quiet, and which page, word or acknowledgement shows that it mattered.

One of these makes at most one miss: that of the earliest spell it fits.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from gateway.decisions.statistics.labels import LabelBook
from gateway.model.statistics.events import Acknowledged
from gateway.model.statistics.facts import Entity, PageFact, SpellFact

Group = tuple[str, str | None, str | None]


class Said(NamedTuple):
    """The spells that people's words and acknowledgements make misses, and the events that did so."""

    spells: frozenset[str]
    by: Mapping[str, str]
    """Each of the events' ids, with the id of its spell."""


def said_misses(
    spells: Iterable[tuple[str, SpellFact]],
    labels: LabelBook,
    acknowledged: Iterable[Acknowledged],
    cutoff: int,
    within: int,
    spent: Collection[str] = (),
) -> Said:
    """Find the misses that people name. `spells` are (episode, spell) in the order of (from, id).

    `spent` are the events that made misses of compacted days.
    """
    of_episode: dict[str, list[SpellFact]] = defaultdict(list)
    for episode, spell in spells:
        if not spell.exempt:
            of_episode[episode].append(spell)
    by: dict[str, str] = {}
    for episode, listed in of_episode.items():
        _assign_words(listed, episode, labels, cutoff, spent, by)
    for event in acknowledged:
        if event.human and event.id not in spent:
            earliest = _earliest(
                (of_episode.get(episode, ()) for episode in event.episodes), event.said_at, within
            )
            if earliest is not None:
                by[event.id] = earliest.id
    return Said(frozenset(by.values()), by)


def _assign_words(
    spells: Sequence[SpellFact],
    episode: str,
    labels: LabelBook,
    cutoff: int,
    spent: Collection[str],
    by: dict[str, str],
) -> None:
    given = [label for label in labels.of_episode.get(episode, ()) if label.trust == "person"]
    left = {label.id for label in given} - set(spent)
    for spell in spells:
        if not left:
            return
        for label in labels.sort_out(given, spell.from_ + cutoff).counted:
            # A word is about what was quiet when it was given, not about what was hidden later.
            if label.value != "noise" and label.at >= spell.from_ and label.id in left:
                left.discard(label.id)
                by[label.id] = spell.id


def _first_in(spells: Sequence[SpellFact], moment: int, within: int) -> SpellFact | None:
    """Return the earliest spell with the moment in (from, from + within]."""
    index = bisect_left(spells, moment - within, key=lambda spell: spell.from_)
    return spells[index] if index < len(spells) and spells[index].from_ < moment else None


def _earliest(lists: Iterable[Sequence[SpellFact]], moment: int, within: int) -> SpellFact | None:
    fitting = [spell for listed in lists if (spell := _first_in(listed, moment, within)) is not None]
    return min(fitting, key=_order, default=None)


def _order(spell: SpellFact) -> tuple[int, str]:
    return spell.from_, spell.id


class EntityIndex:
    """Spells by what they are about. Two things are the same unless both name one, and another."""

    def __init__(self, spells: Iterable[SpellFact]) -> None:
        self._all: dict[Group, list[SpellFact]] = defaultdict(list)
        self._of_thing: dict[Entity, list[SpellFact]] = defaultdict(list)
        for spell in spells:
            self._all[group_of(spell.entity)].append(spell)
            self._of_thing[spell.entity].append(spell)

    def matching(self, entity: Entity) -> tuple[Sequence[SpellFact], ...]:
        """Return lists that together hold each spell about this entity, each in the order of (from, id)."""
        if entity.thing is None:
            return (self._all.get(group_of(entity), ()),)
        unnamed = entity._replace(thing=None)
        return self._of_thing.get(entity, ()), self._of_thing.get(unnamed, ())

    def groups(self) -> Mapping[Group, Sequence[SpellFact]]:
        return self._all


def group_of(entity: Entity) -> Group:
    return entity.partition, entity.scope, entity.service


def paged_misses(spells: Iterable[SpellFact], actionable: Iterable[PageFact], within: int) -> dict[str, int]:
    """Return when the first page came that shows a spell to be a miss, by the spell's id.

    Both come in their order of time.
    """
    index = EntityIndex(spell for spell in spells if not spell.exempt)
    found: dict[str, int] = {}
    for page in actionable:
        earliest = _earliest(index.matching(page.entity), page.at, within)
        if earliest is not None:
            found.setdefault(earliest.id, page.at)
    return found


def has_spell_between(spells: Sequence[SpellFact], after: int, until: int) -> bool:
    """Whether a spell began in [after, until]."""
    return bisect_left(spells, after, key=_from) < bisect_right(spells, until, key=_from)


def _from(spell: SpellFact) -> int:
    return spell.from_

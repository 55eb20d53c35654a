"""What quiet costs: spells that hid what mattered, and what happens before and after them anyway."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from gateway.decisions.statistics.spells import EntityIndex, Group, group_of, has_spell_between
from gateway.model.statistics.facts import PageFact, SpellFact
from gateway.model.statistics.rows import Because, LateSeconds, Missed, Why


@dataclass(frozen=True, slots=True)
class QuietContext:
    """What all rows share: the actionable pages by what they are about, and when pages
    showed spells to be misses.

    Times in ms.
    """

    pages: Mapping[Group, Sequence[PageFact]]
    paged: Mapping[str, int]
    within: int
    as_of: int


def pages_by_group(actionable: Iterable[PageFact]) -> dict[Group, list[PageFact]]:
    found: dict[Group, list[PageFact]] = defaultdict(list)
    for page in actionable:
        found[group_of(page.entity)].append(page)
    return found


def missed(spells: Sequence[SpellFact], pages: Sequence[PageFact], context: QuietContext) -> Missed:
    """Return the block of a row with these spells and these pages."""
    counted = [spell for spell in spells if not spell.exempt]
    misses = [spell for spell in counted if spell.said or spell.id in context.paged]
    ripe = [spell for spell in spells if spell.from_ + context.within <= context.as_of]
    followed, mirror = _coincidences(ripe, context)
    late = sorted(
        max(0, context.paged[spell.id] - spell.would_tell_at) / 1000
        for spell in misses
        if spell.would_tell_at is not None and spell.id in context.paged
    )
    actionable = sum(page.is_actionable for page in pages)
    told = actionable + len(misses)
    because: Because = {} if told else {"told_share": _why_nothing_told(pages)}
    return Missed(
        spells=len(counted),
        misses=len(misses),
        pending=sum(spell.from_ + context.within > context.as_of for spell in counted),
        followed=followed,
        mirror=mirror,
        excess=followed - mirror,
        told_share=actionable / told if told else None,
        late_seconds=LateSeconds(_quantile(late, 0.5), _quantile(late, 0.9), late[-1])
        if late
        else LateSeconds(),
        by_reason=dict(sorted(Counter(spell.reason for spell in misses).items())),
        because=because if late else {**because, "late_seconds": "no_spells"},
    )


def _why_nothing_told(pages: Sequence[PageFact]) -> Why:
    return "no_labels" if pages else "no_pages"


def _coincidences(ripe: Sequence[SpellFact], context: QuietContext) -> tuple[int, int]:
    """Count the actionable pages that came soon after a spell about the same, and soon before one."""
    index, within = EntityIndex(ripe), context.within
    followed = mirror = 0
    for group, spells in index.groups().items():
        pages = context.pages.get(group, ())
        for page in _reached(pages, spells, 0, within):
            followed += _any(index, page, lambda at: (at - within, at - 1))
        for page in _reached(pages, spells, -within, 0):
            mirror += _any(index, page, lambda at: (at + 1, at + within))
    return followed, mirror


def _any(index: EntityIndex, page: PageFact, span: Callable[[int], tuple[int, int]]) -> bool:
    return any(has_spell_between(listed, *span(page.at)) for listed in index.matching(page.entity))


def _reached(
    pages: Sequence[PageFact], spells: Sequence[SpellFact], before: int, after: int
) -> Iterable[PageFact]:
    """Yield the pages in [from + before, from + after] of some spell, each once."""
    next_page = 0
    for spell in spells:
        first = bisect_left(pages, spell.from_ + before, lo=next_page, key=_at)
        next_page = max(next_page, bisect_right(pages, spell.from_ + after, lo=next_page, key=_at))
        yield from pages[first:next_page]


def _at(page: PageFact) -> int:
    return page.at


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Return the smallest value up to which at least this share lies."""
    return ordered[ceil(share * len(ordered) - 1e-9) - 1]

"""Giving labels: which pages a word is about, and which pages ended by themselves."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.model.statistics.events import Act, IncidentEnd, Page


def covered(pages: Iterable[Page], at: int) -> tuple[str, ...]:
    """Return the pages of an incident that a label of this time is about: the newest at each target."""
    newest: dict[str, Page] = {}
    for page in pages:
        known = newest.get(page.target)
        # A word is about what somebody was called for, not about what came after it.
        if page.at <= at and (known is None or (page.at, page.life) > (known.at, known.life)):
            newest[page.target] = page
    return tuple(newest[target].id for target in sorted(newest))


def resolved_by_themselves(
    pages: Iterable[Page], acts: Iterable[Act], end: IncidentEnd, within: int
) -> tuple[str, ...]:
    """Return the pages of an incident that were noise, as they ended within the time (ms) and nobody had
    acted.

    Each page is judged by itself, from when it was sent to the end as its source dates it.
    """
    # Nobody saw such an end, so nobody knows whether the page ended soon.
    if end.how != "observed" or end.ended_at is None:
        return ()
    # Whoever did anything at all before the end was known has had work with it. A label is no act.
    if any(act.human and act.at < end.at for act in acts):
        return ()
    return tuple(page.id for page in pages if max(0, end.ended_at - page.at) <= within)

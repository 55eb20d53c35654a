"""Which pages of the sample are still to be judged."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.model.statistics.events import AnyEvent, Label, LabelWithdrawn, Page


def drawn_unlabelled(events: Sequence[AnyEvent], sample: float) -> list[Page]:
    """Return the pages of the sample that no person's label judges, the oldest first."""
    withdrawn = {event.label for event in events if isinstance(event, LabelWithdrawn)}
    labelled = {
        page
        for event in events
        if isinstance(event, Label) and event.trust == "person" and event.id not in withdrawn
        for page in event.pages
    }
    drawn = (event for event in events if isinstance(event, Page) and not event.own and event.draw < sample)
    return sorted((page for page in drawn if page.id not in labelled), key=lambda page: (page.at, page.id))

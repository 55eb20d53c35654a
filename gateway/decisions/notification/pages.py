"""Whom an incident has paged, and since when, for the readers of its other targets; and the message to which
a page leads.

It holds what is known alone: a page that its vendor has taken. Whether anybody answered is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gateway.decisions.notification.view import View
from gateway.model.ledger import NotifiedState
from gateway.model.rules.destination import Interrupts


def with_pages(views: Mapping[str, View]) -> dict[str, View]:
    """Return the views, each with the pages at the other targets."""
    pages = {target: at for target, view in views.items() if (at := _paged_at(view)) is not None}
    links = {target: link for target, view in views.items() if (link := _link_of(view))}
    return {
        target: msgspec.structs.replace(
            view,
            pages={other: at for other, at in pages.items() if other != target},
            message_link=next((link for other, link in links.items() if other != target), ""),
        )
        for target, view in views.items()
    }


def _link_of(view: View) -> str:
    told = view.ledger.last_notified.state in (NotifiedState.FIRING, NotifiedState.CLOSED)
    return view.ledger.message_link if told else ""


def _paged_at(view: View) -> int | None:
    ledger, told = view.ledger, view.ledger.last_notified
    # The log took it in place of a vendor, and calls nobody.
    if ledger.endpoint is None or ledger.endpoint.kind == "log":
        return None
    if told.state is not NotifiedState.FIRING or not told.paged:
        return None
    # A version that kept no time of the page told it: then it paged from the first.
    return ledger.paged_at or ledger.first_notified_at


def shown_message_link(view: View) -> str:
    """Return the message to which a page should lead, so that whoever is called finds
    those who talk about it.
    """
    if view.destination is None or view.destination.via.interrupts is not Interrupts.ALWAYS:
        return ""
    # Once a page leads somewhere, it goes on doing so.
    told = view.ledger.last_notified
    return (told.message_link if told.state is NotifiedState.FIRING else "") or view.message_link


def shown_pages(view: View) -> dict[str, int]:
    """Return the pages that the target should show: none is taken back while the message goes on."""
    told = view.ledger.last_notified
    # Another mail, event or post only to say who was paged would be noise; an edit in place calls nobody.
    if view.destination is None or not view.destination.via.edits_in_place:
        return {}
    goes_on = told.state in (NotifiedState.FIRING, NotifiedState.CLOSED)
    return {**(told.pages if goes_on else {}), **view.pages}

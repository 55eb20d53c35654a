"""Route an alert of the gateway itself: to whom its subject leaves, and to nobody who
must not be woken for it.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.decisions.route import Recipient, Router, Routing
from gateway.model.own_alert import OWN_SUBJECT, OWN_WATCHDOG, SILENCE_ENDING, UNKNOWN_SENDERS
from gateway.model.rules.destination import Interrupts
from gateway.model.rules.kinds import Watchdog
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route


def own_recipients(router: Router, routing: Routing, labels: Mapping[str, str]) -> Routing:
    """Route an alert of our own.

    An alert about failing destinations goes to their fallbacks, never to these destinations alone. An alert
    about a watchdog goes to whom the watchdog's rule names. Where nobody takes it, it goes everywhere.
    """
    # A silence that ends soon is read by its maker at daytime; what it hides pages by itself when it is over.
    if labels.get("reason") == UNKNOWN_SENDERS or labels.get("alertname") == SILENCE_ENDING:
        return _shown_only(router, routing)
    failing = {name for name in labels.get(OWN_SUBJECT, "").split(",") if name}
    watchdog = router.rules.watchdogs.get(labels.get(OWN_WATCHDOG, ""))
    if watchdog is not None:
        routing = _watchdog_recipients(router, routing, labels, watchdog)
    others = tuple(recipient for recipient in routing.recipients if recipient.destination.name not in failing)
    destinations = router.rules.destinations
    gone = [destinations[name] for name in sorted(failing) if name in destinations]
    route = routing.recipients[0].route if routing.recipients else Route(name="gateway", origin=BUILT_IN)
    fallbacks = dict.fromkeys(name for destination in gone for name in destination.fallback)
    instead = [router.recipient(name, {}, route, page=False) for name in fallbacks if name not in failing]
    if not others and not instead:
        names = [name for name in destinations if name not in failing]
        instead = [router.recipient(name, {}, route, page=False) for name in names]
    added = tuple(recipient for recipient in instead if isinstance(recipient, Recipient))
    # With nobody else left, even the failing destination is tried: an own alert must not vanish.
    return Routing(others + added or routing.recipients, (), named=True)


def _shown_only(router: Router, routing: Routing) -> Routing:
    """Take out every way that interrupts: nobody is woken for what anybody can send, or for what can wait."""
    shown = [recipient for recipient in routing.recipients if not recipient.page]
    if not shown:
        route = Route(name="gateway", origin=BUILT_IN)
        everywhere = (router.recipient(name, {}, route, page=False) for name in router.rules.destinations)
        shown = [recipient for recipient in everywhere if isinstance(recipient, Recipient)]
    quiet = (
        recipient for recipient in shown if recipient.destination.via.interrupts is not Interrupts.ALWAYS
    )
    return Routing(tuple(quiet), (), named=True)


def _watchdog_recipients(
    router: Router, routing: Routing, labels: Mapping[str, str], watchdog: Watchdog
) -> Routing:
    """Use the watchdog rule's own `notify` and `page`; where one is empty, keep the routes'.

    At the rule's own destinations the alert ends without waiting once the heartbeat returns.
    """
    route = Route(
        watchdog.name, watchdog.origin, owner=watchdog.owner, reason=watchdog.reason, resolve_after=0
    )
    named = [router.recipient(name, labels, route, page=False) for name in watchdog.notify]
    named += [router.recipient(name, labels, route, page=True) for name in watchdog.page]
    kept = [
        recipient
        for recipient in routing.recipients
        if not (watchdog.page if recipient.page else watchdog.notify)
    ]
    return Routing(
        (*kept, *(recipient for recipient in named if isinstance(recipient, Recipient))), (), named=True
    )

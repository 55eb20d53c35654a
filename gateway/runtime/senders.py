"""Make what talks to vendors: the notifiers, and those that carry the audit trail."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial

from gateway.config.settings import Settings
from gateway.outbound.kind import DestinationKind, Wiring
from gateway.outbound.log import LogNotifier
from gateway.outbound.network import Network
from gateway.outbound.registry import DESTINATION_KINDS
from gateway.ports import Notifier, Secrets, Trail


def open_senders(
    stack: AsyncExitStack, settings: Settings, network: Network, secrets: Secrets
) -> tuple[dict[str, Notifier], dict[str, Trail]]:
    """Return the notifiers by kind of destination, and those of them that carry the audit trail."""
    notifiers: dict[str, Notifier] = {"log": LogNotifier()}
    for name, kind in DESTINATION_KINDS.items():
        notifier = kind.notifier(wiring_of(kind, settings, network, secrets))
        stack.push_async_callback(notifier.aclose)
        notifiers[name] = notifier
    return notifiers, {name: notifier for name, notifier in notifiers.items() if isinstance(notifier, Trail)}


def wiring_of(kind: DestinationKind, settings: Settings, network: Network, secrets: Secrets) -> Wiring:
    """Return what a kind's notifiers are built from, and its destinations are examined with."""
    # What a rule names goes to the kind that may have it, whatever an endpoint of old has kept.
    named = network.giving(partial(secrets.secret, taker=kind.name))
    answered = partial(_is_any_set, kind.answer_secrets, secrets)
    return Wiring(settings.value_of(kind.address_setting), named, answered)


def _is_any_set(names: tuple[str, ...], secrets: Secrets) -> bool:
    return any(map(secrets.configured, names))

"""Make what talks to vendors: the notifiers, and those that carry the audit trail."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial

from gateway.config.settings import Settings
from gateway.outbound.kind import Wiring
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
        # What a rule names goes to the kind that may have it, whatever an endpoint of old has kept.
        named = network.giving(partial(secrets.secret, taker=name))
        answered = partial(_is_any_set, kind.answer_secrets, secrets)
        wiring = Wiring(settings.value_of(kind.address_setting), named, answered)
        notifier = kind.notifier(wiring)
        stack.push_async_callback(notifier.aclose)
        notifiers[name] = notifier
    return notifiers, {name: notifier for name, notifier in notifiers.items() if isinstance(notifier, Trail)}


def _is_any_set(names: tuple[str, ...], secrets: Secrets) -> bool:
    return any(map(secrets.configured, names))

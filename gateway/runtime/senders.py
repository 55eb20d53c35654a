"""Make what talks to vendors: the notifiers, and those that carry the audit trail."""

from __future__ import annotations

from contextlib import AsyncExitStack

from gateway.config.settings import Settings
from gateway.outbound.kind import Wiring
from gateway.outbound.log import LogNotifier
from gateway.outbound.network import Network
from gateway.outbound.registry import DESTINATION_KINDS
from gateway.ports import Notifier, Trail


def open_senders(
    stack: AsyncExitStack, settings: Settings, network: Network
) -> tuple[dict[str, Notifier], dict[str, Trail]]:
    """Return the notifiers by kind of destination, and those of them that carry the audit trail."""
    notifiers: dict[str, Notifier] = {"log": LogNotifier()}
    for name, kind in DESTINATION_KINDS.items():
        notifier = kind.notifier(Wiring(settings.value_of(kind.address_setting), network))
        stack.push_async_callback(notifier.aclose)
        notifiers[name] = notifier
    return notifiers, {name: notifier for name, notifier in notifiers.items() if isinstance(notifier, Trail)}

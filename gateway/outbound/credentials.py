"""Which destinations have the credentials that they need, and which kinds of destinations have any."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from gateway.model.rules.destination import Destination
from gateway.model.rules.origin import SecretName
from gateway.outbound.registry import DESTINATION_KINDS


def kinds_with_credential(
    destinations: Iterable[Destination], configured: Callable[[str], bool]
) -> frozenset[str]:
    """Return the kinds that have a credential, be it of one destination or of the kind itself.

    `configured` tells whether somebody has set a secret, also as a file that is not there now.
    """
    names = {name: {*kind.shared_credentials} for name, kind in DESTINATION_KINDS.items()}
    for destination in destinations:
        address = destination.via.base_url
        # Whoever has set a vendor's address and nothing else cannot be told through it.
        own = {address.env} if isinstance(address, SecretName) else set()
        names[destination.kind].update(name for name in destination.via.credentials if name not in own)
    return frozenset(kind for kind, secrets in names.items() if any(map(configured, secrets)))


def missing_credentials(
    destinations: Mapping[str, Destination], secret_of: Callable[[str], str | None]
) -> dict[str, str]:
    """Return the destinations without a credential, each with the first secret that it misses."""
    return {
        name: secret
        for name, destination in destinations.items()
        for secret in reversed(destination.credentials)
        if secret_of(secret) is None
    }

"""Which destinations have the credentials that they need, and which kinds of destinations have any."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from gateway.model.rules.destination import Destination
from gateway.model.rules.origin import SecretName
from gateway.outbound.registry import DESTINATION_KINDS

# What comes of a destination without its credential: nobody has set its vendor up, or somebody has.
IN_LOG_ONLY = "its deliveries go to the log"
UNDELIVERED = "nothing can be delivered there"


def kinds_with_credential(
    destinations: Iterable[Destination],
    configured: Callable[[str], bool],
    refused: Callable[[str, str], str],
) -> frozenset[str]:
    """Return the kinds that have a credential, be it of one destination or of the kind itself.

    `configured` tells whether somebody has set a secret, also as a file that is not there now. `refused` says
    why rules may not hand a secret to a kind of destination: whoever names one means to use the vendor, so
    that the destination has to fail, and must not be told in the log.
    """
    names = {name: {*kind.shared_credentials} for name, kind in DESTINATION_KINDS.items()}
    forbidden = dict.fromkeys(DESTINATION_KINDS, False)
    for destination in destinations:
        address = destination.via.base_url
        # Whoever has set a vendor's address and nothing else cannot be told through it.
        own = {address.env} if isinstance(address, SecretName) else set()
        names[destination.kind].update(name for name in destination.via.credentials if name not in own)
        forbidden[destination.kind] |= any(
            refused(name, destination.kind) for name in destination.credentials
        )
    return frozenset(
        kind for kind, secrets in names.items() if forbidden[kind] or any(map(configured, secrets))
    )


def heard_in_slack(configured: Callable[[str], bool]) -> bool:
    """Return whether what people press in Slack reaches us; `configured` tells whether a secret is set."""
    slack = DESTINATION_KINDS["slack"]
    return any(map(configured, slack.answer_secrets)) and any(map(configured, slack.shared_credentials))


def missing_credentials(
    destinations: Mapping[str, Destination], secret_of: Callable[[str, str], str | None]
) -> dict[str, str]:
    """Return the destinations without a credential, each with the first secret that it misses.

    `secret_of` gives a secret to a kind of destination.
    """
    return {
        name: secret
        for name, destination in destinations.items()
        for secret in reversed(destination.credentials)
        if secret_of(secret, destination.kind) is None
    }

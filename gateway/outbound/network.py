"""The way to every vendor: the authorities that vouch for it, its address, and the proxy on the way there."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Literal

from gateway.model.ledger import Endpoint
from gateway.model.notification import Refused
from gateway.model.rules.destination import NO_PROXY
from gateway.model.rules.origin import VARIABLE_MARK
from gateway.outbound.direct_hosts import NO_HOSTS, DirectHosts
from gateway.outbound.names import Names

# The most that is read of an answer, in bytes. What is longer is cut off, so that no vendor, and nobody in a
# vendor's place, can fill the memory that webhooks need.
ANSWER_BYTES = 1 << 20  # whether something was taken
LIST_BYTES = 8 << 20  # one page of messages, channels or people: 40 KiB for each of 200 messages
ALERTS_BYTES = 64 << 20  # everything that fires at an Alertmanager

SecretOf = Callable[[str], str | None]
# What verifies: the clients of one library write the same protocols into a context, those of two do not.
Library = Literal["httpx", "aiohttp", "urllib3", "aiosmtplib"]
TlsOnce = Callable[[], ssl.SSLContext]

ADDRESS = re.compile(r"https?://[^/\s]+\S*")
NOT_THERE = "{} is not set, or no rule may have it"
REMEDIES = {
    "tls": "the authority that signed it has to be among the system's, in SSL_CERT_FILE or in GATEWAY_CA_FILE",
    "proxy": (
        "does the proxy take our password, and does it let us through to that host? GATEWAY_VENDOR_PROXY and "
        "GATEWAY_NO_PROXY, or the destination's `proxy`, say how it is reached"
    ),
}


def tls_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """Trust the system's authorities (those of SSL_CERT_FILE and SSL_CERT_DIR, where these are set) and those
    in `ca_file`.

    Raises `ValueError` with a sentence about a file that holds none.
    """
    context = ssl.create_default_context()
    if ca_file is None:
        return context
    try:
        context.load_verify_locations(ca_file)
    except ssl.SSLError:
        raise ValueError(f"{ca_file} holds no certificate in the form of PEM") from None
    except OSError as error:
        raise ValueError(f"{ca_file} cannot be read: {error.strerror}") from None
    return context


@lru_cache(maxsize=32)
def _shared_context(
    library: Library, ca_file: Path | None, changed: tuple[tuple[Path, int], ...]
) -> ssl.SSLContext:
    """Return the context of all clients of the library until a file of authorities is `changed` again: to
    read them takes 20 to 90 ms, in which the event loop does nothing else.
    """
    del library, changed
    return tls_context(ca_file)


def is_address(text: str) -> bool:
    return ADDRESS.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Way:
    """The address at which a vendor is reached, and the proxy on the way there; None where there is none."""

    address: str
    proxy: str | None = None


def _no_secret(name: str) -> None:
    del name


@dataclass(frozen=True, slots=True)
class Network:
    """The way on which all vendors are reached.

    `proxy` is the one of all vendors, `direct` are the hosts that are reached without it. `secret_of` gives
    the addresses and proxies that rules name by their variables. `names` looks up every host.
    """

    ca_file: Path | None = None
    proxy: str | None = None
    direct: DirectHosts = NO_HOSTS
    secret_of: SecretOf = _no_secret
    names: Names = field(default_factory=Names, compare=False)

    def giving(self, secret_of: SecretOf) -> Network:
        """Return the same network with the secrets that rules may hand to one kind of destination."""
        return replace(self, secret_of=secret_of)

    def tls(self, library: Library) -> ssl.SSLContext:
        """Return what the clients of this library verify with. New authorities count for the next client."""
        system = ssl.get_default_verify_paths()
        read = [Path(path) for path in (system.cafile, system.capath, self.ca_file) if path]
        changed = tuple((path, path.stat().st_mtime_ns) for path in read if path.exists())
        return _shared_context(library, self.ca_file, changed)

    def tls_when_needed(self, library: Library) -> TlsOnce:
        """Return what gives one context again and again, and makes it the first time: most gateways have no
        destination of most kinds.
        """
        return cache(partial(self.tls, library))

    def proxy_to(self, address: str) -> str | None:
        """Return the proxy on the way to an address that no rule says more about."""
        return None if self.direct.hold(address) else self.proxy

    def way(self, endpoint: Endpoint, address: str) -> Way | Refused:
        """Return the way to an endpoint. `address` is the vendor's, unless the endpoint has one of its own."""
        own = self._named(endpoint.url, "https://events.eu.pagerduty.com")
        if isinstance(own, Refused):
            return own
        # What a rule says of one destination counts before the list for all of them.
        proxy = None if endpoint.proxy == NO_PROXY else self._named(endpoint.proxy, "http://proxy:3128")
        if isinstance(proxy, Refused):
            return proxy
        address = own or address
        return Way(address, proxy if endpoint.proxy else self.proxy_to(address))

    def _named(self, text: str, example: str) -> str | Refused | None:
        """Return an address that a rule has written, or that the variable holds which it names; None for
        nothing.

        What is wrong with it is not permanent: everything waits until the operator has mended the variable.
        """
        if not text.startswith(VARIABLE_MARK):
            return text or None
        name = text.removeprefix(VARIABLE_MARK)
        value = self.secret_of(name)
        if value is None:
            return Refused("no_credential", NOT_THERE.format(name))
        if not is_address(value):
            return Refused("no_credential", f"{name} holds no address such as {example}")
        return value

"""Which addresses traces, logs and reports may be sent to: another machine is reached by TLS alone."""

from __future__ import annotations

from urllib.parse import urlsplit

from gateway.config.loopback import is_loopback

SCHEMES = ("http", "https")


def why_not_sent(
    what: str,
    name: str,
    address: str,
    *,
    needs_scheme: bool = True,
    may_be_clear: bool = False,
    remedy: str = "",
) -> str:
    """Return why telemetry (`what`, a plural) is not sent to an address, empty where it is.

    `name` is the variable that has the address. `may_be_clear` allows another machine without TLS, and
    `remedy` ends the sentence where it does not. The sentence has the host alone: an address may hold a
    password.
    """
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
    except ValueError:  # such as brackets without an end
        parts = urlsplit("")
        needs_scheme = True
    if needs_scheme and not (parts.scheme in SCHEMES and parts.hostname):
        return (
            f"{what} are not sent: {name} holds no address that begins with http:// or https://: "
            "write https:// before the host, or http:// where that is this machine"
        )
    if parts.scheme == "http" and not is_loopback(parts.hostname or "") and not may_be_clear:
        return (
            f"{what} are not sent: {parts.hostname} is another machine, and the address has no TLS: "
            f"write https:// in {name}{remedy}"
        )
    return ""

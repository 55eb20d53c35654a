"""The address of an SMTP server as `GATEWAY_SMTP_URL` has it: `smtp://user:password@host:587` or
`smtps://…`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

EXAMPLE = "smtp://user:password@smtp.example.org:587"
# Submission and submission over TLS: https://www.rfc-editor.org/rfc/rfc8314#section-3
PORTS = {"smtp": 587, "smtps": 465}


class Encryption(StrEnum):
    """How a connection is encrypted. The first is for servers on this machine alone."""

    NONE = "no TLS"
    STARTTLS = "STARTTLS"
    TLS = "TLS"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """A server that takes mails, and the user who hands them in; without a `user` nobody logs in."""

    host: str
    port: int
    encryption: Encryption
    user: str = ""
    password: str = ""

    def __str__(self) -> str:
        """The server without user and password, for people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_smtp_url(url: str) -> SmtpServer:
    """Read the address. Raises `ValueError` with a sentence that shows nothing of it."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(f"an address such as {EXAMPLE} is needed") from None
    more = parts.path not in ("", "/") or parts.query or parts.fragment
    if parts.scheme not in PORTS or not host or port == 0 or more:
        raise ValueError(f"an address such as {EXAMPLE} is needed")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) is not bool(password):
        raise ValueError("a user needs a password, and a password a user; write %40 for an @ in them")
    return SmtpServer(host, port or PORTS[parts.scheme], _encryption(parts.scheme, host), user, password)


def _encryption(scheme: str, host: str) -> Encryption:
    """Require TLS for everything that leaves this machine."""
    if scheme == "smtps":
        return Encryption.TLS
    # A connection within this machine cannot be overheard, and a server here often has no certificate.
    return Encryption.NONE if _is_loopback(host) else Encryption.STARTTLS


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False

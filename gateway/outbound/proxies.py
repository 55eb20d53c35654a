"""Judge refusals that no vendor has written: those of a proxy on the way there."""

from __future__ import annotations

from gateway.model.notification import Refused

# A proxy that wants a password, lets nothing through to that host, or knows no such host:
# https://www.rfc-editor.org/rfc/rfc9110#section-15.5
REFUSALS = frozenset({401, 403, 404, 407})
PASSWORD_WANTED = 407


def is_proxys_word(status: int, *, vendors_own: bool) -> bool:
    """Return whether an answer is a proxy's refusal. `vendors_own`: its body has the form of the vendor's.

    A vendor that refuses says why. A redirect leads to a login, or to a page of somebody else.
    """
    return status == PASSWORD_WANTED or (300 <= status < 500 and not vendors_own)


def refused_by_proxy(status: int) -> Refused:
    """Judge a status that a proxy has answered: nothing has reached the vendor."""
    said = f"a proxy on the way answered HTTP {status}"
    # It refuses every notification alike until somebody changes its rules, or our password there.
    return Refused("proxy", said, permanent=True) if status in REFUSALS else Refused("unavailable", said)

"""Which addresses a page may carry."""

from __future__ import annotations

from urllib.parse import urlsplit


def safe_link(url: object) -> str:
    """The address where a click on it can only open a page or a mail, otherwise empty."""
    if not isinstance(url, str):
        return ""
    try:
        scheme = urlsplit(url).scheme.lower()
    except ValueError:
        return ""
    return url if scheme in {"http", "https", "mailto"} else ""

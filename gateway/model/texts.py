"""Texts as people can be shown them."""

from __future__ import annotations

import re

_HALF = re.compile("[\ud800-\udfff]")  # of a surrogate pair, which no UTF-8 can hold


def readable(text: str) -> str:
    """Return the text with U+FFFD for each half of a surrogate pair, as Unicode says."""
    return text if text.isascii() else _HALF.sub("\ufffd", text)

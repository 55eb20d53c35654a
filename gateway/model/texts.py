"""Texts as people can be shown them."""

from __future__ import annotations

import re

_HALF = re.compile("[\ud800-\udfff]")  # of a surrogate pair, which no UTF-8 can hold


def all_readable(texts: dict[str, str]) -> dict[str, str]:
    """Return the names and values as `readable` shows them: the same ones where that changes nothing."""
    if "".join(texts).isascii() and "".join(texts.values()).isascii():
        return texts
    return {readable(name): readable(text) for name, text in texts.items()}


def readable(text: str) -> str:
    """Return the text with U+FFFD for each half of a surrogate pair, as Unicode says."""
    return text if text.isascii() else _HALF.sub("\ufffd", text)

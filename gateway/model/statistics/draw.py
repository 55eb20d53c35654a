"""The number that a page draws at its birth: pages with a small one
are the sample that people are asked about.
"""

from __future__ import annotations

from hashlib import sha256

_BITS = 53  # of a float's fraction, so that no number is rounded up to 1


def draw_of(seed: str, page: str) -> float:
    """Return a number in [0, 1) that only the store's seed and the page's id decide.

    It is made of the first 8 bytes of SHA-256 over `<seed>|<page>`, so that anybody can make it again.
    """
    first = int.from_bytes(sha256(f"{seed}|{page}".encode()).digest()[:8], "big")
    return (first >> (64 - _BITS)) / (1 << _BITS)

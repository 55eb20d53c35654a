"""Keep the labels of an alert to a size that can be stored, matched and shown.

Labels are what an alert is, so none is left out: the longest values are cut, and end in a hash of the whole.
Two alerts that differ somewhere in a long value are still two, and one that is sent again is still the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

MAX_LABEL_BYTES = 32 * 1024  # names and values of one alert together
CUT_TO = (1024, 512, 256, 128, 64)  # bytes; the shorter ones only where there are very many long values
MOST_BYTES_OF_A_CHARACTER = 4
ELLIPSIS = "…"


def within_cap(labels: Mapping[str, str]) -> dict[str, str]:
    """Return the labels, with values cut where they are too large together."""
    kept = dict(labels)
    characters = sum(map(len, kept)) + sum(map(len, kept.values()))
    if characters * MOST_BYTES_OF_A_CHARACTER <= MAX_LABEL_BYTES:
        return kept
    size = sum(len(_bytes(name)) + len(_bytes(value)) for name, value in kept.items())
    for most in CUT_TO:
        # The longest first, so that as few as possible are cut; of those alike always the same.
        longest = sorted(kept, key=lambda name: (-len(_bytes(kept[name])), name))
        for name in longest:
            before = len(_bytes(kept[name]))
            if size <= MAX_LABEL_BYTES or before <= most:
                break
            kept[name] = _cut(labels[name], most)
            size -= before - len(_bytes(kept[name]))
    return kept


def _cut(value: str, most: int) -> str:
    whole = _bytes(value)
    end = f"{ELLIPSIS}{blake2b(whole, digest_size=16).hexdigest()}"
    return whole[: most - len(_bytes(end))].decode("utf-8", "ignore") + end


def _bytes(text: str) -> bytes:
    # JSON can hold half of a surrogate pair.
    return text.encode("utf-8", "surrogatepass")

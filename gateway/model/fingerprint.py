"""Two hashes of a label set: Alertmanager's fingerprint over all labels, our identity over those that count.

The fingerprint is Prometheus's LabelSet.Fingerprint: FNV-1a 64 over the sorted pairs, each name and value
followed by 0xFF (https://github.com/prometheus/common/blob/main/model/signature.go).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import blake2b

import msgspec
from fnv_c import fnv1a_64

_SEPARATOR = "\udcff"  # https://docs.python.org/3/library/codecs.html#error-handlers: `surrogateescape`
_pack = msgspec.msgpack.Encoder().encode  # no two lists of pairs give the same bytes


def fingerprint(labels: Mapping[str, str]) -> str:
    """Return the fingerprint as Alertmanager prints it: sixteen lower-case hexadecimal digits."""
    parts = [part for pair in sorted(labels.items()) for part in pair]  # UTF-8 sorts as its characters do
    if "".join(parts).isascii():
        # Nearly all labels: they are encoded in one go, and the separator becomes the byte 0xFF.
        hashed = _SEPARATOR.join([*parts, ""]).encode("utf-8", "surrogateescape")
    else:
        hashed = b"\xff".join([*map(_bytes, parts), b""])
    return f"{fnv1a_64(hashed):016x}"


def identity(labels: Mapping[str, str], ignore: Collection[str] = ()) -> str:
    """Return the identity: thirty-two hexadecimal digits over the labels that are not in `ignore`."""
    pairs = (
        labels.items()
        if not ignore
        else [(name, text) for name, text in labels.items() if name not in ignore]
    )
    ordered = sorted(pairs)
    try:
        packed = _pack(ordered)
    except UnicodeEncodeError:
        # Labels with half of a surrogate pair are told apart by their bytes, which no other text has.
        packed = _pack([(_bytes(name), _bytes(text)) for name, text in ordered])
    return blake2b(packed, digest_size=16).hexdigest()


def _bytes(text: str) -> bytes:
    # JSON can hold half of a surrogate pair (`\ud800`), and an alert with such a label needs an identity too.
    return text.encode("utf-8", "surrogatepass")

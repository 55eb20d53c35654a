"""The two hashes of a label set: Alertmanager's fingerprint over all labels, and our identity over those that count.

The fingerprint is Prometheus's LabelSet.Fingerprint: FNV-1a 64 over the sorted pairs, each name and value followed by 0xFF
(https://github.com/prometheus/common/blob/main/model/signature.go).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import blake2b

FNV_OFFSET = 14695981039346656037
FNV_PRIME = 1099511628211
_MASK = (1 << 64) - 1


def fingerprint(labels: Mapping[str, str]) -> str:
    """Sixteen lower-case hex digits, the same that Alertmanager prints."""
    value = FNV_OFFSET
    for byte in _encoded(labels, ()):
        value = ((value ^ byte) * FNV_PRIME) & _MASK
    return f"{value:016x}"


def identity(labels: Mapping[str, str], ignore: Collection[str] = ()) -> str:
    """Thirty-two hex digits over the labels that are not in `ignore`."""
    return blake2b(_encoded(labels, ignore), digest_size=16).hexdigest()


def _encoded(labels: Mapping[str, str], ignore: Collection[str]) -> bytes:
    """Sorted by the names' bytes; 0xFF is no byte of UTF-8, so two label sets never give the same text."""
    if not ignore:
        pairs = sorted((_bytes(name), _bytes(value)) for name, value in labels.items())
    else:
        pairs = sorted((_bytes(name), _bytes(value)) for name, value in labels.items() if name not in ignore)
    return b"".join([part for name, value in pairs for part in (name, b"\xff", value, b"\xff")])


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")

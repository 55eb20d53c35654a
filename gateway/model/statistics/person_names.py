"""The names of the persons who stand in the statistics by their pseudonyms, as far as the rules let them be
shown.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

FORMAT = b"\x01"
MOST_NAMES = 5_000  # whoever was heard of longest ago goes first


class PersonName(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`name` is empty once the person was forgotten, so that it is not
    written down again. `at` is when the person was last heard of (ms).
    """

    name: str
    at: int


Names = Mapping[str, PersonName]  # by pseudonym

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[str, PersonName]).decode


def dump_names(names: Names) -> bytes:
    return FORMAT + _encode(dict(names))


def load_names(raw: bytes) -> dict[str, PersonName]:
    return _decode(memoryview(raw)[1:]) if raw else {}


def with_heard(
    known: Names, heard: Mapping[str, str], now: int, keep: int, *, shown: bool
) -> dict[str, PersonName]:
    """Return the names with those that were heard now, without those that nobody has heard of for `keep`
    (ms).

    Unless they may be `shown`, no name is kept. Whoever was forgotten stays so.
    """
    names = {
        person: found
        for person, found in known.items()
        if now - found.at < keep and (shown or not found.name)
    }
    for person, name in heard.items():
        if person in names:
            names[person] = PersonName(names[person].name, now)
        elif shown:
            names[person] = PersonName(name, now)
    newest = sorted(names.items(), key=lambda item: (-item[1].at, item[0]))
    return dict(newest[:MOST_NAMES])


def forgotten(known: Names, person: str, hashes: Collection[str], now: int) -> dict[str, PersonName]:
    """Return the names without that of this person, whom each of the hashes stands for."""
    empty = PersonName("", now)
    return {name: empty if name in hashes else found for name, found in known.items()} | {person: empty}

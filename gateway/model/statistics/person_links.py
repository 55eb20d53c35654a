"""Which names and which ids at vendors are one person's, so that the statistics have one pseudonym for each.

All of them stand here as keyed hashes, as the pseudonyms do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

FORMAT = b"\x01"
MOST_LINKS = 5_000  # the oldest goes first: whoever it was counts by name again until the next act

Links = Mapping[str, str]  # the hash of a name or an id → the pseudonym of the person

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[str, str]).decode


def dump_links(links: Links) -> bytes:
    return FORMAT + _encode(dict(links))


def load_links(raw: bytes) -> dict[str, str]:
    return _decode(memoryview(raw)[1:]) if raw else {}


def pseudonym_of(links: Links, name: str, ids: Sequence[str]) -> str:
    """Return the pseudonym of whoever has this name and these ids, the surest id first.

    A person of whom nothing is linked has the hash of the name for a pseudonym, so that whoever has the
    same name elsewhere, and no id there, is the same.
    """
    linked = (links[known] for known in ids if known in links)
    return next(linked, links.get(name, name))


def with_person(links: Links, name: str, ids: Sequence[str], others: Sequence[str] = ()) -> dict[str, str]:
    """Return the links with those of this person, who has `others` for further names. A name stays with
    whom it was linked to first: another person may have the same one.
    """
    person = pseudonym_of(links, name, ids)
    after = {**links, **dict.fromkeys(ids, person)}
    for known in (name, *others) if ids else ():
        if known != person:
            after.setdefault(known, person)
    return dict([*after.items()][-MOST_LINKS:])


def hashes_of(links: Links, name: str) -> frozenset[str]:
    """Return every hash that stands for the person of this name, the pseudonym and that of the name itself included."""
    person = links.get(name, name)
    return frozenset({name, person, *(known for known, linked in links.items() if linked == person)})

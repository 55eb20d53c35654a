"""The weekly digest of a team as the store has it: what it says, and where it was put."""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from gateway.model.changes import Cell, Table
from gateway.model.instants import instant

FORMAT = b"\x01"
_BEGINS = "digest."  # no incident's id has a dot


class DigestState(msgspec.Struct, frozen=True, array_like=True):
    """The newest digest of a team. `moment` is when it was due (ms); one without sections was not sent.

    `name` stands in the place of an incident's id in its ledgers, which are those of `targets`, by
    destination.
    """

    moment: int
    name: str = ""
    title: str = ""
    sections: tuple[str, ...] = ()
    targets: dict[str, str] = {}


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(DigestState).decode


def dump_digest(state: DigestState) -> bytes:
    return FORMAT + _encode(state)


def load_digest(raw: bytes) -> DigestState | None:
    return _decode(memoryview(raw)[1:]) if raw else None


def digest_cell(team: str) -> Cell:
    """Return the cell of a team's digest, in the home shard."""
    return _cell(blake2b(team.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest())


def digest_name(team: str, moment: int) -> str:
    """Return the name of a team's digest of this moment (ms)."""
    mark = digest_cell(team).field.partition(":")[2]
    return f"{_BEGINS}{mark}.{instant(moment).date().isoformat()}"


def cell_of_digest(name: str) -> Cell | None:
    """Return the cell of a digest by its name, None where it is the name of an incident."""
    return _cell(name.split(".")[1]) if name.startswith(_BEGINS) else None


def _cell(mark: str) -> Cell:
    return Cell(Table.META, f"digest:{mark}")

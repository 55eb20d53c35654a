"""Read the record of an incident without its members, which are unpacked once somebody looks at one."""

from __future__ import annotations

import msgspec
from msgspec.structs import astuple

from gateway.model.incident import Incident
from gateway.model.members import Members


class _PackedIncident(Incident, frozen=True, array_like=True, gc=False):
    """The fields of an incident in their order, with the members as the store has them."""

    members: msgspec.Raw  # type: ignore[assignment]


_decode = msgspec.msgpack.Decoder(_PackedIncident).decode
_MEMBERS = Incident.__struct_fields__.index("members")


def decode_incident(body: bytes | memoryview) -> Incident:
    packed = _decode(body)
    fields = list(astuple(packed))
    fields[_MEMBERS] = Members(bytes(packed.members))
    return Incident(*fields)

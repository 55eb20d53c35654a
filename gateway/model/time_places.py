"""Where a record has the time at which an alert's source spoke last, so that it can be written there anew.

A row of its own for each such time would have to be read with each alert; the whole record would have to be
packed anew.
"""

from __future__ import annotations

# Before the eight bytes of a number in msgpack; a smaller number is written shorter,
# https://github.com/msgpack/msgpack/blob/master/spec.md#int-format-family
UINT64 = b"\xcf"
SHORTER = 2**32


def places_of_time(row: bytes, time: int) -> tuple[int, int] | None:
    """Return the two places of a time in a record, from its first byte on; None where there are not two.

    A time that is written there has the same eight bytes as the one that is.
    """
    if time < SHORTER:
        return None
    written = _written(time)
    first = row.find(written)
    second = row.find(written, first + 1)
    # Where it stands more often, something else is the same, and must stay as it is.
    if first < 0 or second < 0 or row.find(written, second + 1) >= 0:
        return None
    return first + 1, second + 1


def with_time(row: bytes, places: tuple[int, int], time: int) -> bytes | None:
    """Return the record with another time at these places; None where no time stands there.

    The scripts of the store do the same.
    """
    first, second = (row[place - 1 : place + 8] for place in places)
    if first != second or len(first) != len(UINT64) + 8 or not first.startswith(UINT64):
        return None
    for place in places:
        row = row[: place - 1] + _written(time) + row[place + 8 :]
    return row


def _written(time: int) -> bytes:
    return UINT64 + time.to_bytes(8, "big")

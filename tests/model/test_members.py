"""The members of an incident stay packed until somebody looks at one, and are written as before."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.members import Member, Members, packed_members
from gateway.model.records import dump, load_incident
from tests.support.records import INCIDENT

members = st.lists(
    st.builds(Member, st.text(max_size=40), st.integers(0, 2**40), st.integers(0, 2**45)), max_size=40
)
# The head of an array in msgpack grows behind each of these.
SIZES = [0, 1, 14, 15, 16, 65_534, 65_535, 65_536]


def written(expected: list[Member]) -> bytes:
    return msgspec.msgpack.encode(expected)


@given(members, members, members)
def test_what_joins_is_written_as_if_all_had_been_written_together(
    first: list[Member], second: list[Member], third: list[Member]
) -> None:
    joined = Members.of(first).joined_by(second).joined_by(third)
    assert joined.packed == written([*first, *second, *third])
    assert list(joined) == [*first, *second, *third]
    assert len(joined) == len(first) + len(second) + len(third)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("more", [0, 1, 2])
def test_they_are_counted_unread_however_many_there_are(size: int, more: int) -> None:
    known, new = [Member("a", 1, 2)] * size, [Member("b", 3, 4)] * more
    joined = Members.of(known).joined_by(new)
    assert len(joined) == size + more
    assert joined.packed == written([*known, *new])


def test_they_read_like_a_tuple() -> None:
    known = tuple(Member(f"a{number}", number, 1) for number in range(20))
    read = Members.of(known)
    assert (read, known) == (known, read)
    assert (read[0], read[-1], read[2:4]) == (known[0], known[-1], known[2:4])
    assert read == Members.of(known)
    assert read != Members.of(known[1:])
    assert known[3] in read


def test_the_record_of_an_incident_is_the_same_whether_its_members_were_read_or_made() -> None:
    read = load_incident(dump(INCIDENT))
    assert read == INCIDENT
    assert dump(read) == dump(INCIDENT)
    assert isinstance(read.members, Members)


def test_what_a_newer_version_has_written_of_a_member_stays() -> None:
    newer = Members(msgspec.msgpack.encode([["a", 1, 2, "of the next version"]]))
    joined = newer.joined_by([Member("b", 3, 4)])
    assert list(joined) == [Member("a", 1, 2), Member("b", 3, 4)]
    assert msgspec.msgpack.decode(joined.packed)[0] == ["a", 1, 2, "of the next version"]


def test_a_record_holds_nothing_else_that_is_packed_by_hand() -> None:
    with pytest.raises(NotImplementedError, match="no record holds a set"):
        packed_members(set())

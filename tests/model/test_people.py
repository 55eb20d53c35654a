"""What roles let people do, and which names are one person's."""

from __future__ import annotations

import pytest

from gateway.model.people import Caller, IssuedToken, Role, is_same_person, people_who_act


def test_each_role_may_do_what_the_ones_before_it_may() -> None:
    assert [[role.may(needed) for needed in Role] for role in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


@pytest.mark.parametrize(
    "other",
    [
        "ann lee",
        " Ann Lee ",
        "ANN LEE",
        "Ann  Lee",
        "Ann\u00a0Lee",
        "\uff21\uff4e\uff4e Lee",
        "A\u006en Lee\t",
    ],
)
def test_a_name_in_other_letters_is_the_same_persons(other: str) -> None:
    assert is_same_person("Ann Lee", other)


def test_one_word_in_two_normal_forms_is_one_name() -> None:
    assert is_same_person("Ren\u00e9", "rene\u0301")
    assert is_same_person("Stra\u00dfe", "STRASSE")


@pytest.mark.parametrize("other", ["ann", "annlee", "ann lea", "", "bob"])
def test_other_names_are_other_people(other: str) -> None:
    assert not is_same_person("Ann Lee", other)


def test_a_typed_name_is_marked_where_others_are_people_and_a_person_is_called_by_the_token() -> None:
    assert Caller(Role.ADMINISTER).named("ann") == "ann"
    beside = Caller(Role.ADMINISTER, beside_people=True)
    assert beside.named("ann") == beside.named("ann (admin token)") == "ann (admin token)"
    assert Caller(Role.ACT, "ann").named("bob") == "ann"


def test_a_person_with_two_tokens_is_one_and_one_who_only_sees_is_none_who_acts() -> None:
    issued = (
        IssuedToken("ann", Role.ACT, "1"),
        IssuedToken(" ANN", Role.ADMINISTER, "2"),
        IssuedToken("wall", Role.SEE, "3"),
    )
    assert people_who_act(issued) == 1


def test_two_names_that_are_bound_to_one_slack_user_are_one_person() -> None:
    issued = (IssuedToken("ann", Role.ACT, "1", "U1"), IssuedToken("root", Role.ACT, "2", "U1"))
    assert people_who_act(issued) == 1
    assert people_who_act((*issued, IssuedToken("bob", Role.ACT, "3", "U2"))) == 2

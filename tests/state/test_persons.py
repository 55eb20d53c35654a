"""One person has one pseudonym in the statistics, whatever the name is where something is done."""

from __future__ import annotations

import pytest

from gateway.model.statistics import person_links
from gateway.model.statistics.person_links import with_person
from gateway.state.person_names import PersonNames
from gateway.state.persons import NamedPerson, Persons
from gateway.state.statistics import person_text
from tests.support.world import World

SLACK, PAGERDUTY = ("slack:U0ANN",), ("pagerduty:PANN",)


@pytest.fixture
def world() -> World:
    return World()


def persons_of(world: World) -> Persons:
    """Those of one process; others of the same store know what it has learned."""
    return Persons(world.shards.home, world.secrets.mark)


async def test_somebody_who_is_known_by_name_alone_is_everybody_of_that_name(world: World) -> None:
    persons = persons_of(world)
    assert await persons.pseudonym(" Ann") == world.secrets.mark(person_text("ann"))
    assert await persons.pseudonym("ann", SLACK) == await persons.pseudonym("ANN")


async def test_a_slack_user_a_bound_token_and_who_has_their_address_in_pagerduty_are_one(
    world: World,
) -> None:
    in_slack = await persons_of(world).pseudonym("ann", SLACK)
    assert await persons_of(world).pseudonym("Ann Bee", SLACK) == in_slack
    called = NamedPerson("ann", (*SLACK, *PAGERDUTY), ("A. Bee",))
    assert await persons_of(world).pseudonyms([called]) == [in_slack]
    # Nobody can say who it is in Slack, or the name alone is known: it stays the same person.
    assert await persons_of(world).pseudonym("A. Bee", PAGERDUTY) == in_slack
    assert await persons_of(world).pseudonym("a. bee") == in_slack


async def test_a_new_name_in_slack_makes_no_new_person_and_another_person_stays_another(world: World) -> None:
    persons = persons_of(world)
    ann = await persons.pseudonym("ann", SLACK)
    bob = await persons.pseudonym("bob", ("slack:U0BOB",))
    assert await persons.pseudonym("ann.smith", SLACK) == ann != bob
    assert await persons.pseudonyms([NamedPerson("bob"), NamedPerson("x", SLACK)]) == [bob, ann]


async def test_who_is_found_in_slack_later_is_the_person_there_from_then_on(world: World) -> None:
    persons = persons_of(world)
    in_slack = await persons.pseudonym("ann", SLACK)
    before = await persons.pseudonym("A. Bee", PAGERDUTY)
    assert before != in_slack
    assert await persons.pseudonym("A. Bee", (*SLACK, *PAGERDUTY)) == in_slack
    assert await persons.pseudonym("A. Bee", PAGERDUTY) == in_slack


async def test_forgetting_one_name_of_a_person_empties_all_of_them(world: World) -> None:
    persons = persons_of(world)
    names = PersonNames(world.shards.home, persons, lambda: "all", 90 * 24 * 3_600_000)
    persons.heard = names.heard
    before = await persons.pseudonym("A. Bee", PAGERDUTY)
    ann = await persons.pseudonym("ann", SLACK)
    await persons.pseudonym("bob")
    await persons.pseudonym("A. Bee", (*SLACK, *PAGERDUTY))
    assert sorted((await names.read("root")).values()) == ["a. bee", "ann", "bob"]
    assert await names.forget("A. Bee", "root") == ann != before
    await persons.pseudonym("ann", SLACK)
    await persons.pseudonym("A. Bee", PAGERDUTY)
    assert [*(await names.read("root")).values()] == ["bob"]


def test_so_many_links_are_kept_and_the_oldest_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person_links, "MOST_LINKS", 3)
    links: dict[str, str] = {}
    for number in range(5):
        links = with_person(links, f"name{number}", [f"id{number}"])
    assert links == {f"id{number}": f"name{number}" for number in (2, 3, 4)}

"""Names of persons are kept for as long as the rules let them be shown, and forgotten for good where somebody says so."""

from __future__ import annotations

from gateway.model.durations import DAY
from gateway.model.statistics.settings import PersonsMode
from gateway.state.person_names import PersonNames
from gateway.state.persons import Persons
from gateway.state.statistics import person_text
from tests.support.world import World


class Known:
    def __init__(self, mode: PersonsMode = "all") -> None:
        self.world, self.mode = World(), mode
        self.names = self.process()

    def process(self) -> PersonNames:
        home = self.world.shards.home
        self.persons = Persons(home, self.world.secrets.mark)
        return PersonNames(home, self.persons, lambda: self.mode, 90 * DAY)

    def hear(self, name: str) -> str:
        mark = self.world.secrets.mark(person_text(name))
        self.names.heard(name, mark)
        return mark

    async def shown(self) -> list[str]:
        return sorted((await self.names.read("root")).values())


async def test_who_was_heard_of_is_known_by_every_process() -> None:
    known = Known()
    ann = known.hear("ann")
    await known.names.write()
    known.names = known.process()
    assert await known.names.read("root") == {ann: "ann"}


async def test_each_look_is_in_the_audit_trail() -> None:
    known = Known()
    await known.shown()
    assert [(entry.what, dict(entry.detail)) for _, entry in known.world.store.log] == [
        ("person_names_shown", {"by": "root"})
    ]


async def test_who_was_forgotten_stays_so_whatever_is_heard() -> None:
    known = Known()
    ann, _ = known.hear("ann"), known.hear("bob")
    await known.names.write()
    known.hear("ann")
    assert await known.names.forget("Ann ", "root") == ann
    known.hear("ann")
    assert await known.shown() == ["bob"]
    said = [entry for _, entry in known.world.store.log if entry.what == "person_forgotten"]
    assert [dict(entry.detail) for entry in said] == [{"by": "root", "person": ann}]


async def test_whom_nobody_has_heard_of_for_long_is_dropped() -> None:
    known = Known()
    known.hear("ann")
    known.hear("bob")
    await known.names.write()
    known.world.at += 60 * DAY
    known.hear("bob")
    await known.names.write()
    known.world.at += 31 * DAY
    assert await known.shown() == ["bob"]


async def test_no_name_is_kept_that_may_not_be_shown() -> None:
    known = Known("team")
    known.hear("ann")
    assert await known.shown() == []
    known.mode = "all"
    known.hear("bob")
    await known.names.write()
    known.mode = "self"
    await known.names.write()
    known.mode = "all"
    assert await known.shown() == []

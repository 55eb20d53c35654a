"""What a rule kept quiet is written once, with when people would have been told of it, and who knew already."""

from __future__ import annotations

from dataclasses import replace

from gateway.actions.incidents import IncidentActions
from gateway.decisions.statistics.report import report
from gateway.model.durations import HOUR, MINUTE
from gateway.model.rules.kinds import CorrelateRule, InhibitRule, Maintenance
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Mute, Route
from gateway.model.statistics.events import Label, QuietSpell
from gateway.model.statistics.history import History
from gateway.model.statistics.request import asked
from gateway.state.statistics import read_events
from tests.flows.test_silences import rules, silenced
from tests.support.build import START, match, seen, someone
from tests.support.world import World

PAGED = Route("everything", BUILT_IN, page=("pager",), group_wait=30_000)


async def spells(world: World) -> list[QuietSpell]:
    found = [event for event in await read_events(world.shards) if isinstance(event, QuietSpell)]
    return sorted(found, key=lambda spell: (spell.from_, spell.target, spell.episode, spell.rule))


async def test_a_spell_has_all_that_its_miss_is_found_by() -> None:
    world = World(rules(replace(PAGED, owner="shop")))
    made = await silenced(world)
    await world.webhook(seen(service="db", namespace="prod"))
    (spell,) = await spells(world)
    (member,) = world.incidents[0].members
    assert (spell.episode, spell.incident, spell.target, spell.destination) == (
        member.episode_id,
        world.incidents[0].id,
        "pager",
        "pager",
    )
    # The silence is named, and its maker is not.
    assert (spell.rule, spell.reason, spell.also) == (f"silence {made.id}", "silenced", ())
    assert (spell.from_, spell.would_tell_at) == (START, START + 30_000)
    assert (spell.entity.scope, spell.entity.service, spell.exempt) == ("prod", "db", None)
    assert (spell.alertname, spell.route, spell.team, spell.severity) == (
        "HighErrorRate",
        "everything",
        "shop",
        "critical",
    )


async def test_the_same_verdict_again_writes_nothing_and_another_rule_is_another_spell() -> None:
    world = World(rules(PAGED))
    await silenced(world)
    await world.webhook(seen(service="db"))
    await world.until(20 * MINUTE)
    await world.webhook(seen(service="db", replica="b"))
    await world.replan()
    assert len(await spells(world)) == 1
    await silenced(world, hours=3)
    await world.until(2 * HOUR)
    assert [spell.rule.split()[0] for spell in await spells(world)] == ["silence", "silence"]


async def test_what_another_rule_would_have_kept_quiet_too_has_no_time_of_its_own() -> None:
    work = Maintenance("work", BUILT_IN, match('service="db"'), START - HOUR, START + HOUR)
    world = World(rules(PAGED, maintenance=(work,)))
    await silenced(world)
    await world.webhook(seen(service="db"))
    (spell,) = await spells(world)
    assert (spell.reason, spell.also, spell.would_tell_at) == ("silenced", (work.described,), None)


async def test_a_mute_is_a_spell_where_it_mutes_alone() -> None:
    route = Route("everything", BUILT_IN, notify=("chat",), page=("pager",), mute=Mute(page=("morning",)))
    world = World(rules(route))
    await world.webhook(seen(service="db", severity="warning"))
    found = await spells(world)
    assert [(spell.target, spell.reason) for spell in found] == [("pager", "muted")]


async def test_what_people_were_paged_for_when_it_went_quiet_is_exempt() -> None:
    together = (CorrelateRule("all", BUILT_IN, by=("cluster",), window=6 * HOUR),)
    world = World(rules(replace(PAGED, group_wait=0), correlate=together))
    await world.webhook(seen(service="db"), seen(service="web"))
    await world.until(MINUTE)
    await IncidentActions(world.shards, lambda: None).snooze(world.incidents[0].id, someone("anna"), HOUR)
    await world.settle()
    found = await spells(world)
    assert [(spell.rule, spell.exempt, spell.would_tell_at) for spell in found] == [
        ("snooze", "known_before", None),
        ("snooze", "known_before", None),
    ]


def inhibited(**more: object) -> World:
    rule = InhibitRule("switch", BUILT_IN, match('alertname="SwitchDown"'), match('service="db"'), ())
    return World(rules(replace(PAGED, group_wait=0), inhibit=(rule,), **more))


async def test_what_an_alert_inhibits_that_was_paged_is_exempt() -> None:
    world = inhibited()
    await world.webhook(seen("SwitchDown", service="net"))
    await world.until(MINUTE)
    await world.webhook(seen(service="db", at=MINUTE))
    (spell,) = await spells(world)
    assert (spell.reason, spell.exempt) == ("inhibited", "inhibitor_paged")


async def test_what_an_alert_inhibits_that_nobody_was_paged_for_is_not() -> None:
    world = inhibited()
    await silenced(world, 'alertname="SwitchDown"')
    await world.webhook(seen("SwitchDown", service="net"))
    await world.until(MINUTE)
    await world.webhook(seen(service="db", at=MINUTE))
    found = {spell.reason: spell.exempt for spell in await spells(world)}
    assert found == {"silenced": None, "inhibited": None}


async def test_a_page_that_follows_shows_what_a_silence_cost() -> None:
    world = World(rules(replace(PAGED, group_wait=0)))
    await silenced(world)
    await world.webhook(seen(service="db"))
    await world.until(HOUR + MINUTE)
    (page,) = (event for event in await read_events(world.shards) if event.__struct_config__.tag == "page")
    said = Label(
        id="l", at=page.at, shard=0, seq=0, pages=(page.id,), value="actionable", trust="person", by="x",
        reason=None, said_at=page.at,
    )  # fmt: skip
    history = History(events=[*await read_events(world.shards), said])
    found = report(history, asked(START + 24 * HOUR)).total.missed
    assert (found.spells, found.misses, found.by_reason) == (1, 1, {"silenced": 1})
    assert found.late_seconds.max is not None
    assert 3600 <= found.late_seconds.max <= 3660
    assert found.told_share == 0.5


async def test_own_alerts_and_what_needs_nobody_are_no_spells() -> None:
    world = World(rules(PAGED))
    await silenced(world)
    await world.webhook(seen(service="db", severity="none"))
    assert await spells(world) == []

"""Silences, a pause of paging and a bypass: what people order while the gateway runs, and that no end is lost
by it.
"""

from __future__ import annotations

import msgspec

from gateway.actions.controls import PreviewedSilence
from gateway.actions.incidents import IncidentActions
from gateway.decisions.suppression.silence_request import SilenceRequest
from gateway.model.controls import Rejection, Silence
from gateway.model.durations import DAY, HOUR, MINUTE, SECOND
from gateway.model.ledger import NotifiedState
from gateway.model.people import Identity
from gateway.model.rules.kinds import CorrelateRule, Maintenance
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Mute, Route
from gateway.model.rules.rulebook import Rulebook
from gateway.model.rules.silence_policy import SilencePolicy
from gateway.model.severity import Severity
from gateway.model.time_intervals import TimeInterval
from tests.flows.test_telling import states
from tests.support.build import START, match, pager, rulebook, seen, slack, someone
from tests.support.world import World

# START is a Friday, 08:00 UTC.
MORNING = TimeInterval.parse({"times": [{"start_time": "08:00", "end_time": "09:00"}]})


def rules(route: Route | None = None, **more: object) -> Rulebook:
    made = rulebook(
        route or Route("everything", BUILT_IN, notify=("chat",), page=("pager",)),
        destinations=(slack(), pager()),
    )
    values = {name: getattr(made, name) for name in made.__slots__}
    return Rulebook(**values | {"intervals": {"morning": (MORNING,)}} | more)  # type: ignore[arg-type]


async def silenced(
    world: World, matchers: str = 'service="db"', *, hours: float = 1, **more: object
) -> Silence:
    """As a person makes it, and what follows from it at once."""
    ends_at = None if more.get("until_resolved") else START + world.at + round(hours * HOUR)
    previewed = await world.desk.preview(SilenceRequest((matchers,), "anna", ends_at=ends_at, **more))  # type: ignore[arg-type]
    assert isinstance(previewed, PreviewedSilence), previewed
    made = await world.desk.silence(previewed.silence)
    assert isinstance(made, Silence)
    await world.settle()
    return made


def verdicts(world: World) -> set[str]:
    return {reason for one in world.ledgers_everywhere for reason in one.status_counts.reasons}


async def test_what_is_silenced_is_told_at_once_when_the_silence_is_over_and_it_still_fires() -> None:
    world = World(rules())
    await silenced(world)
    await world.webhook(seen(service="db"), seen(service="web"))
    await world.until(59 * MINUTE)
    assert [one.notification.where["service"] for one in world.slack.sent if one.notification] == ["web"]
    assert "silenced" in verdicts(world)
    await world.until(HOUR + SECOND)
    assert len(world.pagerduty.sent) == 2


async def test_what_was_told_before_the_silence_is_ended_within_it() -> None:
    world = World(rules())
    await world.webhook(seen(service="db"))
    await world.until(MINUTE)
    await silenced(world)
    await world.until(2 * MINUTE)
    shown = world.slack.sent[-1].notification or next(
        one.notification for one in reversed(world.slack.sent) if one.notification
    )
    assert shown is not None
    assert shown.quieted is not None
    assert shown.quieted.named().startswith("silenced: silence")
    assert verdicts(world) == {"silenced"}, "told, and kept quiet since"
    await world.webhook(seen(service="db", ends=3 * MINUTE))
    await world.until(10 * MINUTE)
    assert states(world, "chat")[-1] is NotifiedState.ENDED
    assert world.pagerduty.sent[-1].state is NotifiedState.ENDED


async def test_what_begins_and_ends_under_a_silence_is_told_to_nobody() -> None:
    world = World(rules())
    await silenced(world)
    await world.webhook(seen(service="db"))
    await world.until(10 * MINUTE)
    await world.webhook(seen(service="db", ends=10 * MINUTE))
    await world.until(DAY)
    assert not world.slack.sent
    assert not world.pagerduty.sent


async def test_a_silence_that_is_ended_early_tells_at_once_what_still_fires() -> None:
    world = World(rules())
    made = await silenced(world, hours=24)
    await world.webhook(seen(service="db"))
    await world.until(5 * MINUTE)
    assert not world.pagerduty.sent
    await world.desk.end(made.id, "bob")
    await world.settle()
    assert len(world.pagerduty.sent) == 1


async def test_an_extended_silence_holds_on() -> None:
    world = World(rules())
    made = await silenced(world)
    await world.webhook(seen(service="db"))
    await world.until(50 * MINUTE)
    await world.desk.extend(made.id, Identity("anna"), START + 3 * HOUR)
    await world.until(2 * HOUR)
    assert not world.pagerduty.sent
    await world.until(3 * HOUR + SECOND)
    assert len(world.pagerduty.sent) == 1


async def test_a_silence_of_tomorrow_covers_nothing_today() -> None:
    world = World(rules())
    await silenced(world, hours=2, starts_at=START + HOUR)
    await world.webhook(seen(service="db"))
    await world.until(30 * MINUTE)
    assert len(world.pagerduty.sent) == 1
    await world.until(HOUR + MINUTE)
    await world.webhook(seen("Later", at=HOUR + MINUTE, service="db"))
    await world.until(HOUR + 10 * MINUTE)
    assert "silenced" in verdicts(world)


async def test_until_resolved_covers_what_fires_now_and_no_later_episode() -> None:
    world = World(rules())
    await world.webhook(seen(service="db"))
    await world.until(MINUTE)
    await silenced(world, until_resolved=True)
    await world.webhook(seen(service="db", ends=10 * MINUTE))
    await world.until(30 * MINUTE)
    await world.webhook(seen(service="db", at=40 * MINUTE))
    await world.until(HOUR)
    assert world.pagerduty.sent[-1].state is NotifiedState.FIRING
    controls, _ = await world.desk.held()
    assert controls.silences[0].ended_by.startswith("gateway: ")


async def test_a_recurring_silence_holds_in_its_hours_alone() -> None:
    world = World(rules())
    await silenced(world, hours=72, during=("morning",))
    await world.webhook(seen(service="db"))
    await world.until(59 * MINUTE)
    assert not world.pagerduty.sent
    await world.until(HOUR + SECOND)
    assert len(world.pagerduty.sent) == 1
    await world.webhook(seen(service="db", ends=2 * HOUR))
    await world.until(DAY + MINUTE)
    await world.webhook(seen("Again", service="db", at=DAY + MINUTE))
    await world.until(DAY + 30 * MINUTE)
    assert world.pagerduty.sent[-1].state is NotifiedState.ENDED


async def test_with_four_eyes_critical_alerts_are_covered_once_a_second_person_has_approved() -> None:
    world = World(rules(silences=SilencePolicy(four_eyes=True)))
    made = await silenced(world, hours=2, person=True)
    await world.webhook(seen("Down", service="db"), seen("Slow", service="db", severity="warning"))
    await world.until(MINUTE)
    assert [one.notification.title for one in world.pagerduty.sent if one.notification] == ["Down · db"]
    assert isinstance(await world.desk.approve(made.id, Identity("Anna", token=True)), Rejection)
    approved = await world.desk.approve(made.id, Identity("bob", token=True))
    assert isinstance(approved, Silence)
    await world.settle()
    await world.webhook(seen("Worse", service="db", at=2 * MINUTE))
    await world.until(10 * MINUTE)
    assert {one.notification.title for one in world.pagerduty.sent if one.notification} == {"Down · db"}


async def test_an_approved_silence_that_its_maker_prolongs_covers_critical_alerts_once_it_is_approved_again() -> (
    None
):
    world = World(rules(silences=SilencePolicy(four_eyes=True)))
    made = await silenced(world, hours=2, person=True)
    await world.desk.approve(made.id, Identity("bob", token=True))
    shorter = await world.desk.extend(made.id, Identity("anna", token=True), START + HOUR)
    assert isinstance(shorter, Silence)
    assert shorter.approved_by == "bob"
    by_another = await world.desk.extend(made.id, Identity("bob", token=True), START + 2 * HOUR)
    assert isinstance(by_another, Silence)
    assert by_another.approved_by == "bob"
    longer = await world.desk.extend(made.id, Identity("Anna", token=True), START + 3 * HOUR)
    assert isinstance(longer, Silence)
    assert not longer.approved_by
    await world.settle()
    await world.webhook(seen("Down", service="db"))
    await world.until(MINUTE)
    assert [one.notification.title for one in world.pagerduty.sent if one.notification] == ["Down · db"]


async def test_a_silence_that_matches_nothing_for_long_is_ended() -> None:
    world = World(rules(silences=SilencePolicy(unmatched=DAY)))
    await silenced(world, hours=5 * 24)
    await world.until(DAY - MINUTE)
    assert not (await world.desk.held())[0].silences[0].ended_by
    await world.until(DAY + 2 * MINUTE)
    assert "matched nothing" in (await world.desk.held())[0].silences[0].ended_by


async def test_a_silence_is_forgotten_a_week_after_its_end() -> None:
    world = World(rules())
    await silenced(world)
    await world.until(9 * DAY)
    assert (await world.desk.held())[0].silences == ()


async def test_before_its_end_somebody_hears_that_alerts_still_fire_under_it() -> None:
    world = World(rules())
    made = await silenced(world)
    await world.webhook(seen(service="db"))
    await world.until(44 * MINUTE)
    assert world.reports == []
    await world.until(50 * MINUTE)
    assert ("GatewaySilenceEnding", {"silence": made.id, "owner": "anna"}) in world.reports


async def test_nobody_hears_of_an_end_under_which_nothing_fires() -> None:
    world = World(rules())
    await silenced(world)
    await world.until(2 * HOUR)
    assert world.reports == []


async def test_only_incidents_that_a_silence_is_about_are_looked_at_again() -> None:
    world = World(rules())
    await world.webhook(seen(service="db"), seen(service="web"))
    await world.until(MINUTE)
    edits = len(world.slack.sent)
    await silenced(world)
    touched = {one.notification.where["service"] for one in world.slack.sent[edits:] if one.notification}
    await world.until(2 * MINUTE)
    touched |= {one.notification.where["service"] for one in world.slack.sent[edits:] if one.notification}
    assert touched == {"db"}


async def test_two_silences_over_one_alert_hold_until_the_later_end() -> None:
    world = World(rules())
    await silenced(world, hours=1)
    await silenced(world, 'alertname=~".+"', hours=2)
    await world.webhook(seen(service="db"))
    await world.until(2 * HOUR - SECOND)
    assert not world.slack.sent
    await world.until(2 * HOUR + SECOND)
    assert len(world.pagerduty.sent) == 1


async def test_what_a_silence_covers_when_a_closed_incident_opens_again_has_not_ended() -> None:
    world = World(rules())
    await world.webhook(seen(service="pay", pod="a"), seen(service="pay", pod="b"))
    await world.until(MINUTE)
    (incident,) = world.incidents
    await IncidentActions(world.shards, lambda: None).close(incident.id, someone("ann"), "", 5 * MINUTE)
    await silenced(world, 'pod="a"')
    await world.until(10 * MINUTE)
    assert states(world, "chat")[-1] is NotifiedState.FIRING
    await world.webhook(seen(service="pay", pod="b", ends=10 * MINUTE))
    await world.until(30 * MINUTE)
    assert states(world, "chat")[-1] is NotifiedState.FIRING
    await world.webhook(seen(service="pay", pod="a", ends=30 * MINUTE))
    await world.until(40 * MINUTE)
    assert states(world, "chat")[-1] is NotifiedState.ENDED
    assert world.pagerduty.sent[-1].state is NotifiedState.ENDED


# A pause


async def test_a_pause_pages_nobody_and_shows_what_fires_all_the_same() -> None:
    world = World(rules())
    await world.desk.switch("pause", "anna", START + HOUR, "drill")
    await world.webhook(seen(service="db"))
    await world.until(59 * MINUTE)
    assert len([one for one in world.slack.sent if one.posted]) == 1
    assert not world.pagerduty.sent
    assert "paused" in verdicts(world)
    await world.until(HOUR + SECOND)
    assert len(world.pagerduty.sent) == 1


async def test_a_page_from_before_a_pause_gets_its_end_within_it() -> None:
    world = World(rules())
    await world.webhook(seen(service="db"))
    await world.until(MINUTE)
    await world.desk.switch("pause", "anna", START + DAY, "drill")
    await world.webhook(seen(service="db", ends=2 * MINUTE))
    await world.until(10 * MINUTE)
    assert [one.state for one in world.pagerduty.sent] == [NotifiedState.FIRING, NotifiedState.ENDED]


async def test_a_pause_that_is_lifted_pages_at_once() -> None:
    world = World(rules())
    await world.desk.switch("pause", "anna", START + DAY, "drill")
    await world.webhook(seen(service="db"))
    await world.until(MINUTE)
    await world.desk.switch("pause", "anna", 0, "")
    await world.settle()
    assert len(world.pagerduty.sent) == 1


async def test_lifting_what_nobody_ordered_is_said_to_be_a_fault() -> None:
    found = await World(rules()).desk.switch("pause", "anna", 0, "")
    assert isinstance(found, Rejection)
    assert found.missing


async def test_a_pause_lasts_a_day_at_most() -> None:
    found = await World(rules()).desk.switch("bypass", "anna", START + DAY + SECOND, "")
    assert isinstance(found, Rejection)


# A bypass


async def test_a_bypass_lets_everything_through_and_ends_by_itself() -> None:
    mute = Route(
        "everything", BUILT_IN, notify=("chat",), page=("pager",), mute=Mute(page=("morning",), critical=True)
    )
    work = Maintenance("upgrade", BUILT_IN, match('service="web"'), START, START + DAY)
    world = World(rules(mute, maintenance=(work,)))
    await silenced(world, hours=24)
    await world.webhook(seen(service="db"), seen(service="web"))
    await world.until(10 * MINUTE)
    assert not world.slack.sent
    await world.desk.switch("bypass", "anna", START + 20 * MINUTE, "the rules are wrong")
    await world.settle()
    assert len(world.pagerduty.sent) == 2
    await world.until(21 * MINUTE)
    await world.webhook(seen("Another", service="web", at=21 * MINUTE))
    await world.until(30 * MINUTE)
    assert len([one for one in world.pagerduty.sent if one.state is NotifiedState.FIRING and one.posted]) == 2


async def test_orders_are_read_by_whoever_comes_later() -> None:
    world = World(rules())
    made = await silenced(world)
    await world.desk.switch("pause", "anna", START + HOUR, "drill")
    controls, _ = await world.desk.held()
    assert controls.version == 2
    assert controls.silences == (msgspec.structs.replace(made, version=1),)
    assert controls.pause is not None
    assert (controls.pause.by, controls.pause.at, controls.pause.until) == ("anna", START, START + HOUR)


async def test_what_is_silenced_does_not_make_the_page_of_what_fires_beside_it_in_a_re_opened_incident_more_severe() -> (
    None
):
    everything = Route("everything", BUILT_IN, notify=("chat",), page=("pager",))
    together = CorrelateRule("node", BUILT_IN, by=("node",))
    world = World(rules(everything, correlate=(together,)))
    await world.webhook(
        seen("Slow", node="n1", severity="warning"),
        seen("Down", node="n1", service="db", severity="critical"),
    )
    await world.until(MINUTE)
    (incident,) = world.incidents
    await IncidentActions(world.shards, lambda: None).close(incident.id, someone("anna"), "", 10 * MINUTE)
    await silenced(world)
    await world.until(11 * MINUTE)
    paged = world.pagerduty.sent[-1].notification
    assert paged is not None
    assert (paged.generation, paged.severity, paged.title) == (2, Severity.WARNING, "Slow +1 kind (×2) · n1")
    assert [(line.name, line.silenced_after_notify) for line in paged.lines] == [
        ("Slow", ""),
        ("Down", "silenced"),
    ]
    await world.until(2 * HOUR)
    again = world.pagerduty.sent[-1].notification
    assert again is not None
    assert (again.severity, [line.silenced_after_notify for line in again.lines]) == (
        Severity.CRITICAL,
        ["", ""],
    )


def untils(world: World) -> list[set[int | None]]:
    """Of Slack and of PagerDuty: until when it is silenced, as each was told last."""
    told = [
        [one.notification for one in sent if one.notification]
        for sent in (world.slack.sent, world.pagerduty.sent)
    ]
    return [{one[-1].quieted.until if one[-1].quieted else None} for one in told]


async def test_another_end_of_a_silence_is_said_at_once_wherever_its_end_was_said_and_calls_nobody() -> None:
    world = World(rules())
    await world.webhook(seen(service="db"))
    await world.until(MINUTE)
    made = await silenced(world)
    assert untils(world) == [{made.ends_at}] * 2
    for ends_at in (START + 3 * HOUR, START + 2 * HOUR):
        await world.desk.extend(made.id, Identity("anna"), ends_at)
        await world.settle()
        assert untils(world) == [{ends_at}] * 2
    pages = [one.notification for one in world.pagerduty.sent if one.notification]
    assert {page.generation for page in pages} == {1}
    assert [bool(page.covered_by) for page in pages] == [False, True, True, True]


async def test_of_silences_that_overlap_the_one_that_ends_last_is_named() -> None:
    world = World(rules())
    await world.webhook(seen(service="db"))
    await world.until(MINUTE)
    first = await silenced(world)
    longer = await silenced(world, 'alertname=~".+"', hours=2)
    assert untils(world) == [{longer.ends_at}] * 2
    await world.desk.extend(first.id, Identity("anna"), START + 5 * HOUR)
    await world.settle()
    assert untils(world) == [{START + 5 * HOUR}] * 2
    await world.desk.end(first.id, "anna")
    await world.settle()
    assert untils(world) == [{longer.ends_at}] * 2

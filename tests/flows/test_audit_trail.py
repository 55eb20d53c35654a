"""The audit trail: everything that is decided and done, in order, at least once, whoever is killed and
whoever is away.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.actions.incidents import IncidentActions
from gateway.model.cells import shipped_cell
from gateway.model.changes import Changes, LogEntry
from gateway.model.durations import MINUTE
from gateway.model.notification import Answer, Refused, Unanswered
from gateway.model.retention import LOG_LENGTH
from gateway.model.rules.kinds import CorrelateRule, Maintenance
from gateway.model.rules.origin import BUILT_IN, Origin
from gateway.model.rules.route import Route
from gateway.model.rules.rulebook import LabelRules, Rulebook
from tests.support.build import START, match, rulebook, seen, slack, someone, webhook
from tests.support.world import World

CHAT = Route("everything", BUILT_IN, notify=("chat",))
PLAIN = rulebook(
    CHAT,
    destinations=(slack(), webhook("archive")),
    correlate=(CorrelateRule("all", BUILT_IN, by=("cluster",)),),
)
AUDITED = replace(PLAIN, audit=("archive",))


async def begun(rules: Rulebook = AUDITED) -> World:
    world = World(rules)
    await world.replan()
    return world


def whats(world: World) -> list[str]:
    return [one.what for one in world.trail.said]


def written(world: World) -> list[LogEntry]:
    return [entry for _, entry in world.store.log]


def positions(world: World) -> list[str]:
    return [one.position for batch in world.trail.batches for one in batch.entries]


async def log_more(world: World, count: int) -> None:
    await world.store.commit(Changes(log=[LogEntry("", "x", {"number": number}) for number in range(count)]))


async def test_a_firing_its_verdicts_its_telling_and_its_end_are_shipped_in_order() -> None:
    world = await begun()
    await world.webhook(seen())
    await world.until(MINUTE)
    await world.webhook(seen(ends=MINUTE))
    await world.until(10 * MINUTE)
    assert world.trail.said == written(world)
    assert whats(world) == ["alerts", "verdicts", "told_firing", "alerts", "resolved", "told_ended"]
    (held,) = [one.detail for one in world.trail.said if one.what == "verdicts"]
    assert held == {
        "target": "chat",
        "held": 1,
        "why": "1 × group_wait: everything (built-in)",
        "until": "2027-01-15T08:00:10Z",
    }


async def test_why_nobody_was_told_is_in_the_trail() -> None:
    work = Maintenance(
        "db-upgrade", Origin("ops.yaml", 3), match('service="db"'), START, START + 60 * MINUTE, reason="CHG-1"
    )
    world = await begun(replace(AUDITED, maintenance=(work,)))
    await world.webhook(seen(service="db"))
    await world.until(5 * MINUTE)
    assert not world.slack.sent
    (verdict,) = [one.detail for one in world.trail.said if one.what == "verdicts"]
    assert verdict == {
        "target": "chat", "suppressed": 1, "why": "1 × maintenance: db-upgrade (ops.yaml:3): CHG-1", "until": "2027-01-15T09:00:00Z",
    }  # fmt: skip


async def test_what_no_route_takes_is_in_the_trail_too() -> None:
    world = await begun(replace(AUDITED, routes=(replace(CHAT, match=match('team="pay"')),)))
    await world.webhook(seen())
    await world.until(MINUTE)
    (verdict,) = [one.detail for one in world.trail.said if one.what == "verdicts"]
    assert verdict == {"target": "", "suppressed": 1, "why": "1 × unrouted"}


async def test_many_members_make_one_entry_and_looking_again_makes_none() -> None:
    world = await begun()
    await world.webhook(*[seen("Down", pod=f"p{number}") for number in range(50)])
    await world.until(MINUTE)
    before = len(written(world))
    for _ in range(5):
        await world.replan()
    assert len(written(world)) == before
    assert [one.detail.get("held") for one in written(world) if one.what == "verdicts"] == [50]


async def test_what_a_person_does_is_in_the_trail() -> None:
    world = await begun()
    await world.webhook(seen())
    await world.until(MINUTE)
    await IncidentActions(world.shards, lambda: None).acknowledge(world.incidents[0].id, someone("ann"))
    await world.until(2 * MINUTE)
    assert (
        LogEntry(world.incidents[0].id, "acknowledged", {"by": "ann", "through": "api"}) in world.trail.said
    )


@pytest.mark.parametrize(
    "answer", [Unanswered("timeout"), Refused("rate_limited"), Refused("auth", permanent=True)]
)
async def test_a_receiver_that_does_not_take_it_only_delays_it(answer: Answer) -> None:
    world = await begun()
    world.trail.answers = [answer] * 5
    await world.webhook(seen())
    await world.until(10 * MINUTE)
    assert len(world.trail.tried) > 5
    assert world.trail.said == written(world)
    assert not [one for one in world.trail.batches if one.lost]


async def test_the_same_batch_comes_again_under_the_same_id() -> None:
    world = await begun()
    await log_more(world, 3)
    world.trail.answers = [Unanswered("timeout")]
    await world.until(MINUTE)
    first, second = world.trail.tried
    assert first == second


async def test_a_wait_that_the_receiver_asks_for_is_kept() -> None:
    world = await begun()
    await log_more(world, 3)
    world.trail.answers = [Refused("rate_limited", retry_after=3 * MINUTE)]
    await world.until(2 * MINUTE)
    assert len(world.trail.tried) == 1
    await world.until(4 * MINUTE)
    assert len(world.trail.batches) == 1


async def test_a_receiver_that_is_away_for_long_raises_an_alert_of_our_own() -> None:
    world = await begun()
    world.trail.down = True
    await log_more(world, 3)
    await world.until(MINUTE)
    assert not world.reports
    await world.until(5 * MINUTE)
    assert world.reports[0][0] == "GatewayAuditDelayed"
    assert world.reports[0][1]["destination"] == "archive"
    assert len(world.trail.tried) < 15


async def test_what_was_cut_off_before_it_was_sent_is_counted_and_said() -> None:
    world = await begun()
    await log_more(world, 10)
    await world.until(MINUTE)
    world.trail.down = True
    await log_more(world, LOG_LENGTH + 2_000)
    await world.until(2 * MINUTE)
    world.trail.down = False
    await world.until(20 * MINUTE)
    assert [one.lost for one in world.trail.batches if one.lost] == [2_000]
    assert len(positions(world)) == 10 + LOG_LENGTH
    assert positions(world) == sorted(positions(world))


async def test_a_new_destination_is_sent_what_the_log_holds_and_has_lost_nothing() -> None:
    world = await begun(PLAIN)
    await log_more(world, LOG_LENGTH + 1_000)
    assert not world.trail.tried
    await world.reload(AUDITED)
    await world.until(5 * MINUTE)
    assert (len(positions(world)), [one.lost for one in world.trail.batches if one.lost]) == (LOG_LENGTH, [])


async def test_one_that_the_rules_name_no_more_is_sent_nothing_more_and_forgotten() -> None:
    world = await begun()
    await log_more(world, 3)
    await world.until(MINUTE)
    await world.reload(PLAIN)
    await log_more(world, 3)
    await world.until(5 * MINUTE)
    assert len(positions(world)) == 3
    assert shipped_cell("archive").field not in world.store.rows[shipped_cell("archive").table]


async def test_a_process_that_dies_after_sending_repeats_the_batch_and_leaves_no_gap() -> None:
    world = await begun()
    await log_more(world, 3)
    claim = (await world.store.claim(1, 20_000, world.reconciler.lanes())).claims
    assert not claim  # nothing is due before the next look
    world.at = 2_000
    # A replica takes it, sends, and is killed
    stolen = await world.store.claim(1, 20_000, world.reconciler.lanes())
    assert [str(one.subject) for one in stolen.claims] == ["audit:archive"]
    await log_more(world, 2)
    world.begin(AUDITED)
    await world.until(MINUTE)
    assert [one.entry.detail["number"] for batch in world.trail.batches for one in batch.entries] == [
        0,
        1,
        2,
        0,
        1,
    ]


async def test_what_is_too_large_for_a_receiver_is_sent_in_smaller_batches() -> None:
    world = await begun()
    await log_more(world, 200)
    world.trail.answers = [Refused("invalid", "HTTP 413", permanent=True)] * 2
    await world.until(5 * MINUTE)
    assert [len(one.entries) for one in world.trail.tried] == [200, 100, 50, 100, 50]
    assert positions(world) == sorted(set(positions(world)))


async def test_without_its_address_it_waits_and_skips_nothing() -> None:
    world = await begun()
    del world.secrets.values["HOOK_URL"]
    await log_more(world, 3)
    await world.until(5 * MINUTE)
    assert (world.trail.tried, [name for name, _ in world.reports][:1]) == ([], ["GatewayAuditDelayed"])
    world.secrets.values["HOOK_URL"] = "https://archive.example/"
    await world.until(10 * MINUTE)
    assert len(positions(world)) == 3


async def test_texts_that_speak_of_a_redacted_label_are_hidden() -> None:
    world = await begun(replace(AUDITED, labels=LabelRules(redact=frozenset({"customer_email"}))))
    matchers = 'customer_email="ann@example.org", alertname="A"'
    await world.store.commit(
        Changes(log=[LogEntry("", "silenced", {"matchers": matchers, "by": "ann", "n": 1})])
    )
    await world.until(MINUTE)
    (said,) = world.trail.said
    assert (said.detail["by"], said.detail["n"]) == ("ann", 1)
    assert str(said.detail["matchers"]).startswith("redacted-")

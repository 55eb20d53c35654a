"""What people are told while a credential is away, and what they are told once there is one."""

from __future__ import annotations

import pytest

from gateway.decisions.accounting.invariants import failing_destinations
from gateway.model.cells import CREDENTIALED
from gateway.model.changes import Changes, Query, Result
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.ledger import NotifiedState
from gateway.model.notification import Unanswered
from gateway.model.rules.origin import BUILT_IN, SecretName
from gateway.model.rules.route import Route
from tests.flows.test_telling import states
from tests.support.build import pager, rulebook, seen, slack, webhook
from tests.support.world import World

ALL = ("slack", "pagerduty", "webhook", "email")
PAGES = rulebook(Route("everything", BUILT_IN, page=("pager",)), destinations=(pager(),))
WITH_FALLBACK = rulebook(
    Route("everything", BUILT_IN, page=("pager",)), destinations=(slack(), pager(fallback=("chat",)))
)


async def started(rules: object = PAGES, *kinds: str) -> World:
    world = World(rules)  # type: ignore[arg-type]
    await world.credentialed(*(kinds or ALL))
    return world


# A secret that is away


async def test_a_page_whose_key_is_away_for_a_moment_is_sent_when_it_is_back() -> None:
    world = await started()
    world.secrets.goes("PAGERDUTY_ROUTING_KEY")
    await world.webhook(seen())
    await world.until(20 * SECOND)
    assert (world.pagerduty.sent, world.log.sent) == ([], [])
    assert world.ledgers["pager"].dead == ""
    world.secrets.comes_back("PAGERDUTY_ROUTING_KEY")
    await world.until(MINUTE)
    assert states(world, "pager") == [NotifiedState.FIRING]


async def test_a_page_whose_key_stays_away_is_told_at_the_fallback_and_the_pager_is_known_to_fail() -> None:
    world = await started(WITH_FALLBACK)
    world.secrets.goes("PAGERDUTY_ROUTING_KEY")
    await world.webhook(seen())
    await world.until(3 * MINUTE)
    assert states(world, "chat") == [NotifiedState.FIRING]
    assert failing_destinations(world.store.counted) == ["pager"]
    world.secrets.comes_back("PAGERDUTY_ROUTING_KEY")
    await world.until(5 * MINUTE)
    assert states(world, "pager") == [NotifiedState.FIRING]
    assert failing_destinations(world.store.counted) == []


async def test_a_page_is_resolved_though_its_key_was_away_when_it_ended() -> None:
    world = await started()
    await world.webhook(seen())
    await world.until(MINUTE)
    world.secrets.goes("PAGERDUTY_ROUTING_KEY")
    await world.webhook(seen(ends=MINUTE))
    await world.until(HOUR)
    assert world.ledgers["pager"].dead == ""
    world.secrets.comes_back("PAGERDUTY_ROUTING_KEY")
    await world.until(HOUR + MINUTE)
    assert states(world, "pager") == [NotifiedState.FIRING, NotifiedState.ENDED]


async def test_what_moved_elsewhere_is_told_there_though_the_key_was_away() -> None:
    """No rule routes it to the pager any more, and the pager is still among the destinations."""
    both = (slack(), pager())
    world = await started(rulebook(Route("everything", BUILT_IN, page=("pager",)), destinations=both))
    await world.webhook(seen())
    await world.until(MINUTE)
    world.secrets.values.pop("PAGERDUTY_ROUTING_KEY")
    await world.reload(rulebook(Route("everything", BUILT_IN, notify=("chat",)), destinations=both))
    await world.until(5 * MINUTE)
    assert world.ledgers["pager"].dead == ""
    world.secrets.values["PAGERDUTY_ROUTING_KEY"] = "key-1"
    await world.until(7 * MINUTE)
    assert states(world, "pager") == [NotifiedState.FIRING, NotifiedState.MOVED]


async def test_an_end_that_no_credential_of_the_rules_can_tell_any_more_is_a_dead_letter() -> None:
    world = await started(rulebook())
    await world.webhook(seen())
    await world.until(MINUTE)
    world.secrets.values.pop("PAGERDUTY_ROUTING_KEY")
    await world.reload(rulebook(Route("everything", BUILT_IN, notify=("chat",)), destinations=(slack(),)))
    await world.until(5 * MINUTE)
    assert world.ledgers["pager"].dead == "credential_changed"


async def test_a_receiver_that_misses_one_of_its_secrets_fails_and_does_not_tell_the_log() -> None:
    hook = webhook(token=SecretName("HOOK_TOKEN"))
    world = await started(rulebook(Route("everything", BUILT_IN, notify=("hook",)), destinations=(hook,)))
    await world.webhook(seen())
    await world.until(5 * MINUTE)
    assert (world.hook.sent, world.log.sent) == ([], [])
    assert world.ledgers["hook"].failing_since
    world.secrets.values["HOOK_TOKEN"] = "t"
    await world.until(6 * MINUTE)
    assert [one.state for one in world.hook.sent] == [NotifiedState.FIRING]


@pytest.mark.parametrize("arrived", [True, False])
async def test_a_post_that_went_unanswered_is_looked_for_when_the_token_is_back_and_not_posted_blindly(
    *, arrived: bool
) -> None:
    world = await started(rulebook(Route("everything", BUILT_IN, notify=("chat",)), destinations=(slack(),)))
    world.slack.answers = [Unanswered("timeout")]
    world.slack.acts_though_unanswered = arrived
    await world.webhook(seen())
    await world.until(10 * SECOND)
    world.secrets.goes("SLACK_BOT_TOKEN")
    await world.until(MINUTE)
    await world.webhook(seen(at=MINUTE, pod="another"))
    await world.until(5 * MINUTE)
    world.secrets.comes_back("SLACK_BOT_TOKEN")
    await world.until(10 * MINUTE)
    assert sum(one.posted for one in world.slack.sent) == 1
    assert not world.slack.withdrawn


# A vendor without any credential, and its first one


async def without_a_key() -> World:
    world = await started(rulebook(), "slack")
    world.secrets.values.pop("PAGERDUTY_ROUTING_KEY")
    return world


async def test_a_vendor_that_nobody_has_set_up_tells_the_log() -> None:
    world = await without_a_key()
    await world.webhook(seen())
    await world.until(MINUTE)
    await world.webhook(seen(ends=MINUTE))
    await world.until(10 * MINUTE)
    assert [one.state for one in world.log.sent] == [NotifiedState.FIRING, NotifiedState.ENDED]
    told = [entry.what for _, entry in world.store.log if entry.detail.get("target") == "pager"]
    assert [what for what in told if what != "verdicts"] == ["logged_firing", "logged_ended"]
    assert failing_destinations(world.store.counted) == []


async def test_what_only_the_log_was_told_and_still_fires_is_told_with_the_first_credential() -> None:
    world = await without_a_key()
    await world.webhook(seen("Down"), seen("Gone", service="db"))
    await world.until(MINUTE)
    await world.webhook(seen("Gone", service="db", ends=MINUTE))
    await world.until(5 * MINUTE)
    world.secrets.values["PAGERDUTY_ROUTING_KEY"] = "key-1"
    await world.credentialed("pagerduty")
    await world.until(10 * MINUTE)
    (told,) = [one.notification for one in world.pagerduty.sent if one.notification]
    assert (told.state, told.title.split()[0]) == (NotifiedState.FIRING, "Down")
    await world.webhook(seen("Down", ends=10 * MINUTE))
    await world.until(20 * MINUTE)
    assert states(world, "pager") == [NotifiedState.FIRING, NotifiedState.ENDED]
    assert len([one for one in world.log.sent if one.state is NotifiedState.FIRING]) == 2


async def test_the_most_urgent_is_told_first_when_the_first_credential_comes() -> None:
    world = await without_a_key()
    severities = ("info", "warning", "critical", "error")
    for severity in severities:
        await world.webhook(seen(f"Of {severity}", service=severity, severity=severity))
    await world.until(MINUTE)
    world.secrets.values["PAGERDUTY_ROUTING_KEY"] = "key-1"
    await world.credentialed("pagerduty")
    await world.until(MINUTE + 10 * SECOND)
    told = [one.notification.severity.word for one in world.pagerduty.sent if one.notification]
    assert told == ["critical", "error", "warning", "info"]


async def test_a_key_that_is_gone_again_fails_however_short_it_was_there() -> None:
    world = await without_a_key()
    await world.credentialed("pagerduty")
    world.begin(rulebook())  # another process, which has no key
    await world.credentialed("slack")
    await world.webhook(seen())
    await world.until(5 * MINUTE)
    assert world.log.sent == []
    assert failing_destinations(world.store.counted) == ["pager"]


async def test_what_a_version_before_told_the_log_while_a_file_was_away_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its store has no row of the kinds, and it told the log whenever a credential was missing."""
    world = World(PAGES)
    world.secrets.goes("PAGERDUTY_ROUTING_KEY")
    await world.webhook(seen())
    await world.until(MINUTE)
    assert [one.state for one in world.log.sent] == [NotifiedState.FIRING]
    world.secrets.comes_back("PAGERDUTY_ROUTING_KEY")
    await world.credentialed("pagerduty")
    await world.until(2 * MINUTE)
    assert states(world, "pager") == [NotifiedState.FIRING]


async def test_a_credential_that_comes_just_before_a_send_keeps_the_log_from_being_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = await without_a_key()
    gather = world.store.gather

    async def gather_then_another_starts(query: Query) -> Result:
        found = await gather(query)
        if CREDENTIALED in query.cells and world.at == 10 * SECOND:
            monkeypatch.undo()
            row = found.rows[CREDENTIALED]
            await world.store.commit(
                Changes(expect={CREDENTIALED: row.version}, put={CREDENTIALED: b"pagerduty"})
            )
        return found

    await world.webhook(seen())
    await world.until(9 * SECOND)
    monkeypatch.setattr(world.store, "gather", gather_then_another_starts)
    await world.until(MINUTE)
    assert world.log.sent == []

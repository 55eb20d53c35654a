"""What was turned away is added up by source and reason, and people hear of it as loudly as it deserves."""

from __future__ import annotations

import pytest

from gateway.decisions.accounting.turned_away import (
    KNOWN_STANDS_MS,
    MAX_SENDERS,
    PATIENCE_MS,
    UNKNOWN_STANDS_MS,
    Noted,
    merged,
    reports,
    sentence,
    truncated_entries,
)
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.severity import Severity
from gateway.model.truncated_groups import TruncatedGroup
from gateway.model.turned_away import WORDINGS, Sender, TurnedAway, TurnedAwayReason
from tests.support.build import START

AM = Sender("10.0.0.7", "Alertmanager/0.28.1")


def noted(
    source: str = "eu",
    reason: TurnedAwayReason = TurnedAwayReason.MALFORMED,
    severity: Severity = Severity.CRITICAL,
    *senders: Sender,
) -> Noted:
    found = Noted(source, reason)
    for sender in senders or (AM,):
        found.add(sender, 1, severity, "alerts[].labels: no labels")
    return found


def after(*news: Noted, at: int = START, before: tuple[TurnedAway, ...] = ()) -> tuple[TurnedAway, ...]:
    return merged(before, news, at)


def test_what_comes_again_is_counted_from_its_first_time() -> None:
    first = after(noted())
    (entry,) = after(noted(), noted(), at=START + MINUTE, before=first)
    assert (entry.since, entry.last_at, entry.times) == (START, START + MINUTE, 3)
    ((address, agent, times, last_at),) = [
        (one.address, one.user_agent, one.times, one.last_at) for one in entry.senders
    ]
    assert (Sender(address, agent), times, last_at) == (AM, 3, START + MINUTE)


def test_each_source_and_each_reason_is_counted_by_itself() -> None:
    found = after(noted("eu"), noted("us"), noted("eu", TurnedAwayReason.TOO_LARGE))
    assert [(entry.source, entry.reason, entry.times) for entry in found] == [
        ("eu", "malformed", 1),
        ("us", "malformed", 1),
        ("eu", "too_large", 1),
    ]


@pytest.mark.parametrize(
    ("source", "stands"),
    [
        pytest.param("eu", KNOWN_STANDS_MS, id="what a known source lost is news for an hour"),
        pytest.param("", UNKNOWN_STANDS_MS, id="a stranger that stays away is forgotten sooner"),
    ],
)
def test_what_does_not_come_again_is_over(source: str, stands: int) -> None:
    before = after(noted(source, TurnedAwayReason.MALFORMED if source else TurnedAwayReason.NOT_FOUND))
    assert after(at=START + stands - 1, before=before) == before
    assert after(at=START + stands, before=before) == ()


def test_the_newest_senders_are_kept_and_all_are_counted() -> None:
    crowd = [Sender(f"10.0.1.{number}", "curl/8") for number in range(MAX_SENDERS)]
    before = after(noted("", TurnedAwayReason.UNAUTHORIZED, Severity.CRITICAL, *crowd))
    (entry,) = after(noted("", TurnedAwayReason.UNAUTHORIZED), at=START + SECOND, before=before)
    assert entry.times == MAX_SENDERS + 1
    assert len(entry.senders) == MAX_SENDERS
    assert entry.senders[-1].address == AM.address
    flood = Noted("", TurnedAwayReason.UNAUTHORIZED)
    for number in range(1_000):
        flood.add(Sender(f"10.1.{number // 250}.{number % 250}", ""), 1, Severity.WARNING, "POST /")
    assert (flood.times, len(flood.senders)) == (1_000, MAX_SENDERS)


@pytest.mark.parametrize(
    ("severity", "word"),
    [
        pytest.param(Severity.CRITICAL, "critical", id="a critical alert that is lost is critical"),
        pytest.param(Severity.ERROR, "error", id="an error is an error"),
        pytest.param(Severity.INFO, "warning", id="whatever is lost is worth a warning"),
    ],
)
def test_a_known_source_is_reported_at_once_as_bad_as_what_it_lost(severity: Severity, word: str) -> None:
    entries = after(noted("eu", TurnedAwayReason.MALFORMED, severity))
    (report,) = reports(entries)
    assert report.labels == {"source": "eu", "reason": "malformed", "severity": word}
    assert report.details == (
        "Source eu sends alerts that cannot be read (alerts[].labels: no labels); "
        "such alerts are in quarantine: `gateway quarantine` says why."
    )


@pytest.mark.parametrize(
    ("source", "said"),
    [
        pytest.param("eu", "Source eu sends what is turned away (too_strange)", id="of a known source"),
        pytest.param("", "Somebody sends what is turned away (too_strange)", id="of a stranger"),
    ],
)
def test_a_reason_that_only_a_newer_version_knows_is_reported_all_the_same(source: str, said: str) -> None:
    entry = TurnedAway(source, "too_strange", START, START + HOUR, 3, Severity.ERROR, "")
    (report,) = reports([entry])
    assert said in report.details


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        pytest.param([37], "37 alerts of 1 group", id="one group"),
        pytest.param([1], "1 alert of 1 group", id="one alert"),
        pytest.param([37, 5], "42 alerts of 2 groups", id="two groups"),
    ],
)
def test_what_alertmanager_left_out_is_counted_in_words(groups: list[int], said: str) -> None:
    cut_short = [
        (f"eu/{number}", TruncatedGroup(left_out, START, START)) for number, left_out in enumerate(groups)
    ]
    (entry,) = truncated_entries(cut_short)
    assert entry.error == said


def test_a_group_that_several_shards_know_is_counted_once_and_as_it_was_heard_of_last() -> None:
    groups = [("eu/1", TruncatedGroup(12, START, START + MINUTE)), ("eu/1", TruncatedGroup(37, START, START))]
    (entry,) = truncated_entries(groups)
    assert (entry.times, entry.error) == (12, "12 alerts of 1 group")


def test_a_group_all_of_whose_known_alerts_have_ended_is_told_no_more() -> None:
    assert truncated_entries([("eu/1", TruncatedGroup(37, START, START, over=True))]) == []


def test_it_stays_as_bad_as_its_worst() -> None:
    before = after(noted("eu", TurnedAwayReason.MALFORMED, Severity.CRITICAL))
    (entry,) = after(noted("eu", TurnedAwayReason.MALFORMED, Severity.INFO), before=before)
    assert entry.severity is Severity.CRITICAL


def test_senders_without_a_token_are_one_warning_once_it_has_gone_on_for_five_minutes() -> None:
    entries = after(noted("", TurnedAwayReason.UNAUTHORIZED), noted("", TurnedAwayReason.METHOD))
    soon = noted("", TurnedAwayReason.NOT_FOUND)
    assert reports(after(soon, at=START + PATIENCE_MS - 1, before=entries)) == []
    (report,) = reports(after(soon, at=START + PATIENCE_MS, before=entries))
    assert report.labels == {"source": "unknown", "reason": "unknown_sender", "severity": "warning"}
    assert all(word in report.details for word in ("401", "404", "405", "gateway doctor"))
    assert AM.address not in report.details


def test_one_wrong_request_of_a_stranger_is_never_reported() -> None:
    entries = after(noted("", TurnedAwayReason.NOT_FOUND))
    for minutes in range(60):
        entries = after(at=START + minutes * MINUTE, before=entries)
        assert reports(entries) == []
    assert entries == ()


def test_an_hour_later_it_counts_anew() -> None:
    before = after(noted())
    (entry,) = after(noted(), at=START + 2 * HOUR, before=before)
    assert (entry.since, entry.times) == (START + 2 * HOUR, 1)


@pytest.mark.parametrize("reason", list(TurnedAwayReason))
def test_every_reason_has_words_and_a_remedy(reason: TurnedAwayReason) -> None:
    assert WORDINGS[reason].what in sentence("eu", reason)
    assert WORDINGS[reason].remedy

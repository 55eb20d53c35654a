"""A handover fits into what Slack takes, and counts what it leaves out."""

from __future__ import annotations

from dataclasses import replace

from gateway.decisions.handover import Change, HandedOver, Handover, ShiftBegin
from gateway.model.controls import Silence
from gateway.model.durations import HOUR
from gateway.model.severity import Severity
from gateway.outbound.slack.handover_text import MAX_TEXT, handover_text
from tests.support.build import START

NOW = START + HOUR


def one(number: int, title: str = "HighErrorRate") -> HandedOver:
    changes = (Change(START + 1, "opened"), Change(START + 2, "taken by <!channel>"))
    return HandedOver(f"inc{number}", title, Severity.ERROR, START, "nobody has it", changes)


def handover(count: int, title: str = "HighErrorRate", unread: int = 0) -> Handover:
    incidents = tuple(one(number, title) for number in range(count))
    silences = tuple(
        Silence(f"s{number}", ('alertname="X"', 'user="mallory"'), START, NOW + HOUR, "ann")
        for number in range(count)
    )
    return Handover(ShiftBegin(START, "as asked"), NOW, incidents, incidents, incidents, silences, 2, unread)


def test_a_quiet_shift_is_said_in_five_lines() -> None:
    assert handover_text(handover(0)).splitlines() == [
        "*Handover* since 08:00 UTC (as asked)",
        "*Open*: none",
        "*Changed*: none",
        "*Snoozed*: none",
        "*Silences made*: none, and 2 from before",
    ]


def test_whatever_there_is_it_fits_and_the_rest_is_counted() -> None:
    for title in ("HighErrorRate", "&" * 500):
        text = handover_text(handover(300, title, unread=7))
        assert len(text) <= MAX_TEXT
        assert "*Open*: 300" in text
        assert "*Changed*: 307" in text
        shown = text.count("· nobody has it · *new*")
        assert f"… and {300 - shown} more: `gateway handover` lists all" in text


def test_nothing_that_people_wrote_mentions_anybody() -> None:
    assert "<" not in handover_text(handover(3, "<!here>"))


def test_a_silence_that_is_over_says_since_when() -> None:
    over = Silence("s0", ('alertname="X"',), START, START + HOUR // 2, "ann", ended_by="bob")
    text = handover_text(replace(handover(0), silences=(over,)))
    assert text.splitlines()[-1] == '`s0` by ann ended 08:30 UTC: alertname="X"'


def test_what_the_rules_hide_is_not_shown_of_a_silence() -> None:
    text = handover_text(handover(1), {"user"})
    assert "mallory" not in text
    assert 'alertname="X", user (hidden)' in text

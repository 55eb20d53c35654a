"""Which of our pages at PagerDuty are worth a look, and which of them it shows."""

from __future__ import annotations

from time import process_time

import msgspec

from gateway.decisions.watched_pages import pages_of, pages_to_ask_for, shown_pages, watched_page
from gateway.model.durations import DAY, MINUTE
from gateway.model.ledger import NotifiedState
from gateway.model.vendor_view import ReaderState, WatchedPage
from tests.support.paged import NOW, PAGE, ledger, seen


def test_a_page_is_watched_while_it_may_be_open_and_a_while_after_its_end() -> None:
    page = watched_page(ledger(), "pagerduty", NOW + 100 * MINUTE)
    assert page == WatchedPage("abc.2", "abc", 2, "pager", "TEAM", f"abc|pager|1|2|{NOW - 5}", NOW, NOW - 5)
    assert watched_page(ledger(NotifiedState.CLOSED), "pagerduty", NOW + 100 * MINUTE)
    assert watched_page(ledger(NotifiedState.ENDED), "pagerduty", NOW + DAY)
    assert watched_page(ledger(NotifiedState.ENDED), "pagerduty", NOW + DAY + 1) is None
    assert watched_page(ledger(paged_at=None), "pagerduty", NOW) is None
    assert watched_page(ledger(message_ref=None), "pagerduty", NOW) is None
    assert watched_page(ledger(), "slack", NOW) is None


def test_two_services_with_one_key_are_told_apart_by_name_and_else_both_have_to_be_there() -> None:
    lead = msgspec.structs.replace(PAGE, target="lead", place="LEAD")
    at_team = seen("triggered")
    assert shown_pages([PAGE, lead], [at_team]) == [PAGE]
    of_lead = seen("triggered", service="LEAD")
    assert pages_of([of_lead], [PAGE, lead]) == [(of_lead, lead)]
    nameless = [msgspec.structs.replace(page, place="") for page in (PAGE, lead)]
    assert shown_pages(nameless, [at_team]) == []
    assert shown_pages(nameless, [at_team, seen("triggered", id="Q2")]) == nameless
    assert pages_of([seen("triggered", key="xyz.1")], [PAGE]) == []


def test_thousands_of_open_pages_hold_nobody_up() -> None:
    watched = [
        msgspec.structs.replace(PAGE, key=f"i{number}.1", incident=f"i{number}") for number in range(5_000)
    ]
    shown = [seen("triggered", id=f"Q{number}", key=f"i{number}.1") for number in range(100)]
    begun = process_time()
    assert len(shown_pages(watched, shown)) == len(pages_of(shown, watched)) == 100
    assert process_time() - begun < 0.2  # by comparing each with each it was over a second


def test_what_the_list_does_not_show_is_asked_for_the_longest_waiting_first_and_not_each_minute() -> None:
    other, third = (msgspec.structs.replace(PAGE, key=key) for key in ("b.1", "c.1"))
    state = ReaderState(looked_for={"b.1": NOW + 1})
    ask = [PAGE, other, third]
    assert pages_to_ask_for(ask, [seen("triggered")], state, NOW + MINUTE) == ["c.1"]
    assert pages_to_ask_for(ask, [], state, NOW + MINUTE) == ["abc.1", "c.1"]
    assert pages_to_ask_for(ask, [], state, NOW + 6 * MINUTE) == ["abc.1", "c.1", "b.1"]


def test_what_has_ended_is_asked_for_by_itself_for_ten_minutes_alone() -> None:
    ended = msgspec.structs.replace(PAGE, over=True)
    assert pages_to_ask_for([ended], [], ReaderState(), NOW + 10 * MINUTE) == ["abc.1"]
    assert pages_to_ask_for([ended], [], ReaderState(), NOW + 10 * MINUTE + 1) == []

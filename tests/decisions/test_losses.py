"""Pages and ends that PagerDuty has taken and not carried out, and when they are sent again."""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.losses import (
    end_again_at,
    is_end_lost,
    may_be_past,
    missing_pages,
    page_again_at,
    with_end_again,
    with_page_again,
    with_page_found,
)
from gateway.decisions.watched_pages import watched_page
from gateway.model.durations import MINUTE, SECOND
from gateway.model.ledger import Ledger, NotifiedState
from gateway.model.vendor_view import SeenIncident, SeenWindow, WatchedPage
from tests.support.paged import NOW, PAGE, ledger, seen


@pytest.mark.parametrize(
    ("shown", "page", "after", "lost"),
    [
        pytest.param(seen("triggered", at=NOW - 9_000), {}, 2 * MINUTE, True, id="open there since before"),
        pytest.param(seen("acknowledged", "bob", NOW - 9_000), {}, 2 * MINUTE, True, id="taken before its end"),
        pytest.param(seen("triggered", at=NOW - 9_000), {}, 2 * MINUTE - 1, False, id="it may show yet"),
        pytest.param(seen("resolved"), {}, 2 * MINUTE, False, id="ended there"),
        pytest.param(seen("triggered", "eve"), {}, 2 * MINUTE, False, id="opened again by a person since"),
        pytest.param(seen("triggered", at=NOW - 9_000), {"over": False}, 2 * MINUTE, False, id="it fires"),
        pytest.param(
            seen("triggered", at=NOW - 9_000), {"repeat_at": NOW + 3 * MINUTE}, 2 * MINUTE, False, id="it is sent again"
        ),
    ],
)  # fmt: skip
def test_an_end_is_lost_where_the_vendor_has_taken_it_and_shows_the_page_as_open(
    shown: SeenIncident, page: dict[str, object], after: int, lost: bool
) -> None:
    ended = msgspec.structs.replace(PAGE, **{"over": True, **page})
    assert is_end_lost(shown, ended, NOW + after) is lost


def test_an_end_is_sent_again_at_once_or_after_the_window_of_its_service() -> None:
    windows = [
        SeenWindow(("PX", "OTHER"), NOW, NOW + 9_000_000),
        SeenWindow(("PY", "TEAM"), NOW, NOW + 60_000),
    ]
    assert end_again_at(seen("triggered"), windows, NOW) == NOW + 65_000
    assert end_again_at(seen("triggered"), windows[:1], NOW) == NOW
    ended = ledger(NotifiedState.ENDED)
    page = watched_page(ended, "pagerduty", NOW)
    assert page is not None
    again = with_end_again(ended, page, NOW + 5)
    assert again is not None
    assert again.repeat_at == NOW + 5
    assert with_end_again(ledger(NotifiedState.ENDED, notified_at=NOW + 1), page, NOW + 5) is None
    assert with_end_again(ledger(), page, NOW + 5) is None


def missing(**more: object) -> WatchedPage:
    return msgspec.structs.replace(PAGE, **{"called_at": NOW, **more})


def window(begins: int, ends: int, *places: str) -> SeenWindow:
    return SeenWindow(places or ("PX", "TEAM"), NOW + begins, NOW + ends)


@pytest.mark.parametrize(
    ("page", "shown", "asked", "found"),
    [
        pytest.param({}, [], ["abc.1"], True, id="asked for, and not there"),
        pytest.param({}, [], [], False, id="not asked for yet"),
        pytest.param({"lost_until": NOW}, [], [], True, id="known to be lost"),
        pytest.param({}, [seen("resolved")], ["abc.1"], False, id="there, though a person has resolved it"),
        pytest.param({"over": True}, [], ["abc.1"], False, id="over"),
        pytest.param({"call": ""}, [], ["abc.1"], False, id="not taken"),
    ],
)
def test_a_page_is_missing_where_it_fires_and_the_vendor_does_not_have_it(
    page: dict[str, object], shown: list[SeenIncident], asked: list[str], found: bool
) -> None:
    assert bool(missing_pages([missing(**page)], shown, asked)) is found


def test_of_two_services_with_one_key_the_one_that_is_not_shown_is_missing() -> None:
    other = missing(place="OTHER", target="other")
    assert missing_pages([missing(), other], [seen("triggered")], ["abc.1"]) == [other]


@pytest.mark.parametrize(
    ("page", "ongoing", "past", "at"),
    [
        pytest.param({}, [window(-60_000, 60_000)], [], 65 * SECOND, id="in a window: after it"),
        pytest.param({}, [window(-9, 60_000), window(-9, 90_000)], [], 95 * SECOND, id="in two: after both"),
        pytest.param({}, [window(-9, 60_000, "OTHER")], [], None, id="a window of another service"),
        pytest.param({}, [window(2 * MINUTE, 9 * MINUTE)], [], None, id="it began long after the page"),
        pytest.param({}, [window(30_000, 9 * MINUTE)], [], 9 * MINUTE + 5 * SECOND, id="it began on its way"),
        pytest.param({}, [], [window(-9, 30_000)], 60 * SECOND, id="over before anybody looked: at once"),
        pytest.param({}, [], [window(-9_000, -1)], None, id="over before the page"),
        pytest.param({"lost_until": NOW + 2 * MINUTE}, [], [], 60 * SECOND, id="ended before its time: at once"),
        pytest.param({"lost_until": NOW + 2 * MINUTE}, [window(-9, 9 * MINUTE)], [], 9 * MINUTE + 5 * SECOND, id="prolonged"),
        pytest.param({"lost_until": NOW + 59 * SECOND}, [window(-9, 9 * MINUTE)], [], None, id="being sent again"),
        pytest.param({}, [], [], None, id="nobody knows why"),
    ],
)  # fmt: skip
def test_a_missing_page_is_sent_again_after_the_window_that_explains_it(
    page: dict[str, object], ongoing: list[SeenWindow], past: list[SeenWindow], at: int | None
) -> None:
    found = page_again_at(missing(**page), ongoing, past, NOW + MINUTE)
    assert found == (None if at is None else NOW + at)


def test_a_window_that_is_over_is_looked_for_shortly_after_the_page_alone() -> None:
    assert may_be_past(missing(), NOW + 9 * MINUTE)
    assert not may_be_past(missing(), NOW + 10 * MINUTE)
    assert not may_be_past(missing(lost_until=NOW + 1), NOW)


def test_the_page_of_a_ledger_is_sent_again_once_and_not_where_it_is_another_one() -> None:
    fires = ledger()
    page = watched_page(fires, "pagerduty", NOW)
    assert page is not None
    again = with_page_again(fires, page, NOW + MINUTE)
    assert again is not None
    assert (again.lost_until, again.repeat_at) == (NOW + MINUTE, NOW + MINUTE)
    assert with_page_again(again, page, NOW + MINUTE) is None
    others: list[Ledger] = [ledger(NotifiedState.ENDED), ledger(generation=3), ledger(paged_at=NOW)]
    assert [with_page_again(other, page, NOW + MINUTE) for other in others] == [None, None, None]
    assert with_page_found(again) == fires
    assert with_page_found(fires) is None

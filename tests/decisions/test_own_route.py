"""Alerts about the gateway itself: told where they can be heard, and to nobody who must not be woken for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.decisions.calendar import Calendar
from gateway.decisions.own_route import own_recipients
from gateway.decisions.route import Router
from gateway.model.matchers import Matcher
from gateway.model.own_alert import UNKNOWN_SENDERS
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from tests.support.build import pager, rulebook, slack
from tests.support.routers import router_of

DESTINATIONS = """\
destinations:
  ops: {slack: {channel: C0OPS}}
  pay: {slack: {channel: C0PAY}}
  pager: {pagerduty: {routing_key: {env: PAGER_KEY}, service: PXXXXXX}, fallback: [ops]}
routes:
"""

Written = Callable[[str], Router]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """The routes of one file."""

    return lambda routes: router_of(tmp_path, DESTINATIONS + routes)


def told(router: Router, labels: dict[str, str]) -> set[tuple[str, bool]]:
    """Who is told, and whether it interrupts."""
    routing = own_recipients(router, router.routing({}, 0), labels)
    return {(recipient.destination.name, recipient.page) for recipient in routing.recipients}


def about_ourselves(router: Router, failing: str) -> set[str]:
    return {name for name, _ in told(router, {"gateway_destination": failing})}


def test_that_a_destination_fails_is_told_at_its_fallback(written: Written) -> None:
    assert about_ourselves(written("  - {name: all, page: [pager]}\n"), "pager") == {"ops"}


def test_that_a_destination_fails_is_not_told_there(written: Written) -> None:
    assert about_ourselves(written("  - {name: all, notify: [ops, pay]}\n"), "ops") == {"pay"}


def test_what_several_destinations_were_not_told_goes_to_none_of_them_nor_to_a_fallback_that_failed_too() -> (
    None
):
    destinations = (slack(), slack("other", "C2"), pager(fallback=("chat",)))
    router = Router(
        rulebook(Route("all", BUILT_IN, notify=("chat",), page=("pager",)), destinations=destinations),
        Calendar({}),
    )
    assert about_ourselves(router, "chat,pager") == {"other"}
    # With nobody else left the routes are kept: an own alert must not vanish.
    assert about_ourselves(router, "chat,other,pager") == {"chat", "pager"}


def test_that_a_destination_fails_which_is_alone_is_told_everywhere_else() -> None:
    router = Router(
        rulebook(
            Route("all", BUILT_IN, notify=("chat",)), destinations=(slack(), slack("other", "C2"), pager())
        ),
        Calendar({}),
    )
    assert about_ourselves(router, "chat") == {"other", "pager"}


def test_what_no_route_takes_of_ourselves_is_told_everywhere() -> None:
    router = Router(
        rulebook(Route("one", BUILT_IN, match=(Matcher("a", "=", "1"),), notify=("chat",))), Calendar({})
    )
    assert about_ourselves(router, "") == {"chat", "pager"}


@pytest.mark.parametrize(
    "routes",
    [
        pytest.param(
            "  - {name: all, notify: [ops, pay], page: [pager]}\n", id="a route that pages everything"
        ),
        pytest.param("  - {name: all, page: [pager, ops]}\n", id="a route that only pages"),
        pytest.param("  - {name: one, match: ['a=\"1\"'], page: [pager]}\n", id="no route that takes it"),
    ],
)
def test_senders_without_a_token_are_shown_and_page_nobody(written: Written, routes: str) -> None:
    found = told(written(routes), {"source": "unknown", "reason": UNKNOWN_SENDERS})
    assert found == {("ops", False), ("pay", False)}


def test_a_silence_that_ends_soon_interrupts_nobody(written: Written) -> None:
    router = written("  - {name: all, notify: [ops], page: [pager]}\n")
    assert told(router, {"alertname": "GatewaySilenceEnding"}) == {("ops", False)}


def test_where_everything_pages_a_silence_that_ends_is_shown_elsewhere(written: Written) -> None:
    router = written("  - {name: all, page: [pager]}\n")
    assert told(router, {"alertname": "GatewaySilenceEnding"}) == {("ops", False), ("pay", False)}

"""Route: who is told of an alert, by the tree of routes as it is written in the rule files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decisions.calendar import Calendar
from gateway.decisions.route import Router, Routing
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.matchers import Matcher
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Condition, PageWhen, Quantifier, Route
from gateway.model.severity import Severity
from tests.support.build import rulebook
from tests.support.routers import router_of

DESTINATIONS = """\
destinations:
  ops: {slack: {channel: C0OPS}}
  pay: {slack: {channel: C0PAY}}
  cart: {slack: {channel: C0CART}}
  pager: {pagerduty: {routing_key: {env: PAGER_KEY}, service: PXXXXXX}, fallback: [ops]}
  boss: {pagerduty: {routing_key: {env: BOSS_KEY}}}
  team: {slack: {channel: "#{team}-oncall", allow: [pay, cart]}, fallback: [ops]}
  squad: {slack: {channel: "#{team}-{env}", allow: [pay, prod]}}
routes:
"""

Written = Callable[[str], Router]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """The routes of one file."""

    return lambda routes: router_of(tmp_path, DESTINATIONS + routes)


def names(routing: Routing) -> list[str]:
    """The routes that tell, in the order of their first recipient."""
    return list(dict.fromkeys(recipient.route.name for recipient in routing.recipients))


def targets(routing: Routing, *, page: bool = False) -> list[str]:
    return [recipient.target for recipient in routing.recipients if recipient.page is page]


TREE = """\
  - {name: pay, match: ['team="pay"'], notify: [pay]}
  - {name: pay-db, parent: pay, match: ['service="db"'], page: [pager]}
  - {name: pay-db-prod, parent: pay-db, match: ['env="prod"'], page: [boss]}
  - {name: pay-web, parent: pay, match: ['service=~"web.*"']}
  - {name: audit, match: ['audit="yes"'], continue: true, notify: [cart]}
  - {name: seen, match: ['audit=~"yes|maybe"'], continue: true, notify: [cart]}
  - {name: rest, notify: [ops]}
"""


def test_alerts_that_differ_in_what_no_route_reads_share_one_routing(written: Written) -> None:
    router = written("  - {name: pay, match: ['severity=\"error\"'], notify: [team]}\n")
    pay = {"severity": "error", "team": "pay"}
    assert router.routing({**pay, "pod": "a"}, 0) is router.routing({**pay, "pod": "b"}, 0)
    assert targets(router.routing({**pay, "team": "cart"}, 0)) == ["team:#cart-oncall"]
    assert targets(router.routing({**pay, "severity": "warning"}, 0)) == []
    (disallowed,) = router.routing({**pay, "team": "none"}, 0).disallowed
    assert disallowed.value == "none"


@pytest.mark.parametrize(
    ("labels", "told_by"),
    [
        pytest.param({"team": "cart"}, ["rest"], id="a route without matchers takes what is left"),
        pytest.param({}, ["rest"], id="also an alert without labels"),
        pytest.param({"team": "pay"}, ["pay"], id="the first match wins among siblings"),
        pytest.param({"team": "pay", "audit": "yes"}, ["pay"], id="and those after it are not asked"),
        pytest.param({"team": "pay", "service": "mq"}, ["pay"], id="a parent tells where no child matches"),
        pytest.param({"team": "pay", "service": "db"}, ["pay-db"], id="a child tells instead of its parent"),
        pytest.param(
            {"team": "pay", "service": "db", "env": "prod"}, ["pay-db-prod"], id="only the deepest tells"
        ),
        pytest.param({"team": "pay", "service": "web-1"}, ["pay-web"], id="a later child"),
        pytest.param({"service": "db", "env": "prod"}, ["rest"], id="a child is nothing without its parent"),
        pytest.param({"audit": "maybe"}, ["seen", "rest"], id="continue goes on to the next that matches"),
        pytest.param({"audit": "yes"}, ["audit", "seen", "rest"], id="as often as it is written"),
    ],
)
def test_which_routes_tell(written: Written, labels: dict[str, str], told_by: list[str]) -> None:
    assert names(written(TREE).routing(labels, 0)) == told_by


def test_continue_goes_on_among_its_own_siblings_alone(written: Written) -> None:
    router = written("""\
  - {name: pay, match: ['team="pay"'], notify: [pay]}
  - {name: first, parent: pay, match: ['a="1"'], continue: true}
  - {name: second, parent: pay, match: ['b="1"']}
  - {name: rest, notify: [ops]}
""")
    assert names(router.routing({"team": "pay", "a": "1", "b": "1"}, 0)) == ["first", "second"]
    assert names(router.routing({"team": "pay", "a": "1"}, 0)) == ["first"]


def test_a_child_that_stops_does_not_stop_its_parent_that_continues(written: Written) -> None:
    router = written("""\
  - {name: pay, match: ['team="pay"'], continue: true, notify: [pay]}
  - {name: db, parent: pay, match: ['service="db"']}
  - {name: rest, notify: [ops]}
""")
    assert names(router.routing({"team": "pay", "service": "db"}, 0)) == ["db", "rest"]


def test_continue_is_not_inherited(written: Written) -> None:
    router = written("""\
  - {name: pay, match: ['team="pay"'], continue: true, notify: [pay]}
  - {name: db, parent: pay, match: ['service=~"db.*"'], page: [pager]}
  - {name: db-1, parent: pay, match: ['service="db-1"'], page: [boss]}
""")
    assert names(router.routing({"team": "pay", "service": "db-1"}, 0)) == ["db"]


def test_an_alert_that_no_route_takes_is_told_nowhere(written: Written) -> None:
    routing = written("  - {name: pay, match: ['team=\"pay\"'], notify: [pay]}\n").routing(
        {"team": "cart"}, 0
    )
    assert routing == Routing((), (), named=False)


def test_a_route_that_names_no_destination_tells_nobody_and_still_stops(written: Written) -> None:
    router = written("""\
  - {name: quiet, match: ['env="test"']}
  - {name: rest, notify: [ops]}
""")
    assert router.routing({"env": "test"}, 0).recipients == ()


def test_notify_tells_and_page_interrupts(written: Written) -> None:
    routing = written("  - {name: all, notify: [ops, pay], page: [pager, cart]}\n").routing({}, 0)
    assert targets(routing) == ["ops", "pay"]
    assert targets(routing, page=True) == ["pager", "cart"]


def test_a_channel_that_is_told_and_interrupted_has_a_recipient_for_each(written: Written) -> None:
    routing = written("  - {name: all, notify: [ops], page: [ops]}\n").routing({}, 0)
    assert [(recipient.target, recipient.page) for recipient in routing.recipients] == [
        ("ops", False),
        ("ops", True),
    ]


def test_two_routes_to_one_target_are_two_recipients_of_it(written: Written) -> None:
    routing = written("  - {name: a, continue: true, notify: [ops]}\n  - {name: b, notify: [ops]}\n").routing(
        {}, 0
    )
    assert [(recipient.target, recipient.route.name) for recipient in routing.recipients] == [
        ("ops", "a"),
        ("ops", "b"),
    ]


def test_a_recipient_says_where_it_goes_and_by_which_rule(written: Written) -> None:
    router = written("  - {name: all, notify: [ops], page: [pager], reason: money}\n")
    told, paged = router.routing({}, 0).recipients
    assert (told.address, told.destination.kind, paged.address, paged.destination.kind) == ("C0OPS", "slack", "PXXXXXX", "pagerduty")  # fmt: skip
    assert told.rule == paged.rule
    assert told.rule.startswith("all (")
    assert told.rule.endswith("rules.yaml:10): money")


PARENT = """\
  - name: top
    match: ['team="pay"']
    notify: [ops, pay]
    page: [pager]
    page_when: {all: [{severity: critical}, {alerts: 2}]}
    group_wait: 20s
    update_interval: 1m
    resolve_after: 2m
    remind: 4h
"""


def only(router: Router, **labels: str) -> Route:
    (route,) = {
        recipient.route.name: recipient.route
        for recipient in router.routing({"team": "pay", **labels}, 0).recipients
    }.values()
    return route


def timers(route: Route) -> tuple[int, int, int | None, int | None]:
    return route.group_wait, route.update_interval, route.resolve_after, route.remind


def test_a_child_inherits_destinations_timers_and_when_to_page(written: Written) -> None:
    router = written(PARENT + "  - {name: child, parent: top, match: ['a=\"1\"']}\n")
    child = only(router, a="1")
    assert (child.name, child.notify, child.page) == ("child", ("ops", "pay"), ("pager",))
    assert timers(child) == (20 * SECOND, MINUTE, 2 * MINUTE, 4 * HOUR)
    assert child.page_when == PageWhen(
        Quantifier.ALL, (Condition(severity=Severity.CRITICAL), Condition(alerts=2))
    )


def test_what_a_child_says_itself_goes_before(written: Written) -> None:
    router = written(PARENT + "  - {name: child, parent: top, match: ['a=\"1\"'], group_wait: 0s, resolve_after: 0s, page_when: {any: [{alerts: 3}]}}\n")  # fmt: skip
    child = only(router, a="1")
    assert timers(child) == (0, MINUTE, 0, 4 * HOUR)
    assert child.page_when == PageWhen(Quantifier.ANY, (Condition(alerts=3),))
    assert timers(only(router, a="2")) == (20 * SECOND, MINUTE, 2 * MINUTE, 4 * HOUR)


@pytest.mark.parametrize(
    ("said", "notify", "page"),
    [
        pytest.param("notify: [cart]", ("cart",), ("pager",), id="one list"),
        pytest.param("page: [boss]", ("ops", "pay"), ("boss",), id="the other list"),
        pytest.param("notify: [cart], page: [boss]", ("cart",), ("boss",), id="both lists"),
        pytest.param("page: []", ("ops", "pay"), (), id="an empty list takes away"),
    ],
)
def test_a_childs_list_replaces_its_parents(
    written: Written, said: str, notify: tuple[str, ...], page: tuple[str, ...]
) -> None:
    child = only(written(PARENT + f"  - {{name: child, parent: top, match: ['a=\"1\"'], {said}}}\n"), a="1")
    assert (child.notify, child.page) == (notify, page)


def test_a_grandchild_inherits_through_its_parent(written: Written) -> None:
    router = written(PARENT + """\
  - {name: child, parent: top, match: ['a="1"'], notify: [cart], group_wait: 5s}
  - {name: grandchild, parent: child, match: ['b="1"'], update_interval: 2m}
""")  # fmt: skip
    grandchild = only(router, a="1", b="1")
    assert (grandchild.notify, grandchild.page) == (("cart",), ("pager",))
    assert timers(grandchild) == (5 * SECOND, 2 * MINUTE, 2 * MINUTE, 4 * HOUR)


def quiet_times(routing: Routing) -> dict[str, int]:
    return {recipient.target: recipient.resolve_after for recipient in routing.recipients}


def test_an_end_waits_a_minute_where_it_pages_and_not_at_all_elsewhere(written: Written) -> None:
    router = written("  - {name: all, notify: [ops], page: [pager, pay]}\n")
    assert quiet_times(router.routing({}, 0)) == {"ops": 0, "pager": MINUTE, "pay": MINUTE}


def test_a_quiet_time_that_is_written_holds_for_both_even_if_it_is_zero(written: Written) -> None:
    router = written("""\
  - {name: none, match: ['a="1"'], notify: [ops], page: [pager], resolve_after: 0s}
  - {name: some, notify: [ops], page: [pager], resolve_after: 5m}
""")
    assert quiet_times(router.routing({"a": "1"}, 0)) == {"ops": 0, "pager": 0}
    assert quiet_times(router.routing({}, 0)) == {"ops": 5 * MINUTE, "pager": 5 * MINUTE}


@pytest.mark.parametrize(
    ("labels", "named"),
    [
        pytest.param({}, False, id="the route for everything names nobody"),
        pytest.param({"job": "x", "a": "1"}, True, id="a route with matchers does"),
        pytest.param({"job": "x"}, True, id="so does a child without any below one"),
        pytest.param({"a": "2"}, True, id="so does a child with matchers below the route for everything"),
    ],
)
def test_whether_a_rule_names_the_alert(written: Written, labels: dict[str, str], named: bool) -> None:
    router = written("""\
  - {name: job, match: ['job="x"'], notify: [ops]}
  - {name: a1, parent: job, match: ['a="1"']}
  - {name: others, parent: job}
  - {name: rest, notify: [ops]}
  - {name: a2, parent: rest, match: ['a="2"']}
""")
    assert router.routing({"alertname": "Watchdog", "severity": "none", **labels}, 0).named is named


def test_a_channel_from_a_label_is_a_target_per_value(written: Written) -> None:
    router = written("  - {name: all, notify: [team]}\n")
    recipients = [router.routing({"team": team}, 0).recipients[0] for team in ("pay", "cart", "pay")]
    assert [recipient.address for recipient in recipients] == ["#pay-oncall", "#cart-oncall", "#pay-oncall"]
    assert recipients[0].target == recipients[2].target != recipients[1].target


@pytest.mark.parametrize("sent", ["Pay", "PAY", " pay", "pay \n", "\tPaY"])
def test_blanks_around_a_value_and_its_capitals_make_no_other_channel(written: Written, sent: str) -> None:
    (recipient,) = written("  - {name: all, notify: [team]}\n").routing({"team": sent}, 0).recipients
    assert (recipient.address, recipient.target) == ("#pay-oncall", "team:#pay-oncall")


def test_a_channel_from_two_labels(written: Written) -> None:
    (recipient,) = (
        written("  - {name: all, notify: [squad]}\n").routing({"team": "pay", "env": "prod"}, 0).recipients
    )
    assert recipient.address == "#pay-prod"


@pytest.mark.parametrize(
    ("labels", "value"),
    [
        pytest.param({"team": "search"}, "search", id="a value that is not in the list"),
        pytest.param({}, "", id="no value"),
        pytest.param({"team": "p ay"}, "p ay", id="a blank within the value"),
        pytest.param({"team": "{team}"}, "{team}", id="a template in the value"),
    ],
)
def test_a_channel_that_is_not_allowed_is_told_of_and_no_recipient(
    written: Written, labels: dict[str, str], value: str
) -> None:
    routing = written("  - {name: all, notify: [ops, team]}\n").routing(labels, 0)
    (disallowed,) = routing.disallowed
    assert (disallowed.destination.name, disallowed.value, disallowed.page) == ("team", value, False)
    assert targets(routing) == ["ops"]


def test_every_label_of_a_channel_has_to_be_allowed(written: Written) -> None:
    routing = written("  - {name: all, notify: [squad]}\n").routing({"team": "pay", "env": "test"}, 0)
    assert [one.value for one in routing.disallowed] == ["test"]


Shape = list[tuple[int, str, bool]]
shapes = st.lists(
    st.tuples(st.integers(-1, 9), st.sampled_from(["", "a", "b", "ab"]), st.booleans()), max_size=10
)


def tree(shape: Shape) -> tuple[Route, ...]:
    """A route per entry: its parent among those before it, the labels that it wants, whether it goes on."""
    return tuple(
        Route(f"r{at}", BUILT_IN, tuple(Matcher(label, "=", "1") for label in wanted), parent if 0 <= parent < at else None,
              go_on=go_on, notify=("chat",))
        for at, (parent, wanted, go_on) in enumerate(shape)
    )  # fmt: skip


def by_the_book(routes: tuple[Route, ...], labels: dict[str, str], parent: int | None = None) -> list[str]:
    found: list[str] = []
    for at, route in enumerate(routes):
        if route.parent == parent and all(labels.get(one.name) == one.value for one in route.match):
            found += by_the_book(routes, labels, at) or [route.name]
            if not route.go_on:
                return found
    return found


@given(shape=shapes, labels=st.dictionaries(st.sampled_from("ab"), st.sampled_from("12")))
def test_any_tree_is_walked_as_it_is_written(shape: Shape, labels: dict[str, str]) -> None:
    routes = tree(shape) or (Route("r0", BUILT_IN, notify=("chat",)),)
    routing = Router(rulebook(*routes), Calendar({})).routing(labels, 0)
    assert names(routing) == by_the_book(routes, labels)
    assert set(targets(routing)) <= {"chat"}

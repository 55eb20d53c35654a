"""A notification says this much of an incident to this target."""

from __future__ import annotations

import json
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decisions.delivery.compose import compose, compose_plainly
from gateway.decisions.delivery.thread_notes import notes_of
from gateway.model.alert import Alert
from gateway.model.durations import MINUTE, SECOND
from gateway.model.ledger import LastNotified, Ledger, NotifiedState
from gateway.model.notification import Notification
from gateway.model.rules.rulebook import LabelRules, Rulebook
from gateway.model.severity import Severity
from gateway.outbound.alert_rows import alert_rows
from gateway.outbound.pagerduty import event as pagerduty_event
from gateway.outbound.slack import blocks as slack_blocks
from gateway.sandbox.slack.mentions import mrkdwn_of
from tests.decisions.cases import acknowledged, alert, closed, incident, planned, route, told
from tests.support.build import START, match, pager, rulebook, slack

WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL
FIRING, ENDED, CLOSED, MOVED = (
    NotifiedState.FIRING,
    NotifiedState.ENDED,
    NotifiedState.CLOSED,
    NotifiedState.MOVED,
)


def said(
    *alerts: Alert, at: int = MINUTE, target: str = "chat", rules: Rulebook | None = None, ledgers: tuple[Ledger, ...] = (),
    labels: LabelRules | None = None, url: str = "", **more: object,
) -> Notification:  # fmt: skip
    plan = planned(*alerts, at=at, rules=rules, ledgers=ledgers, **more)
    return compose(plan.views[target], plan.incident, labels or LabelRules(), START + at, url)


# What, where, how bad


@pytest.mark.parametrize(
    ("members", "title"),
    [
        pytest.param([alert("Down")], "Down", id="the alert's name"),
        pytest.param([alert("Down", service="pay")], "Down · pay", id="and the service"),
        pytest.param([alert("Down", job="pay")], "Down · pay", id="the first label that names a service"),
        pytest.param(
            [alert("Down", pod="a"), alert("Down", pod="b")],
            "Down ×2 · a, b",
            id="several alerts of one name",
        ),
        pytest.param(
            [alert("Down"), alert("Slow", at=1), alert("Full", at=2)],
            "Down +2 kinds (×3)",
            id="several names",
        ),
        pytest.param(
            [alert("Down", namespace="shop", pod="a"), alert("Slow", namespace="shop", pod="b", at=1)],
            "Down +1 kind (×2) · shop",
            id="several names in one namespace",
        ),
        pytest.param(
            [alert("Down", service="pay"), alert("Down", service="cart")],
            "Down ×2 · cart, pay",
            id="services that differ",
        ),
    ],
)
def test_the_title(members: list[Alert], title: str) -> None:
    assert said(*members).title == title


def test_the_rows_of_disks_name_their_machine() -> None:
    disks = [
        alert("Full", node="n7", mountpoint=mountpoint, device=device)
        for mountpoint, device in (("/", "sda1"), ("/home", "sdb1"), ("/var", "sda2"))
    ]
    assert [row.text for row in alert_rows(said(*disks), 4)] == [
        "🔴 Full ×3: n7 / (sda1), n7 /home (sdb1), n7 /var (sda2)"
    ]


def test_where_is_what_all_members_share_the_scope_first() -> None:
    one, two = (
        alert(zone="a", service="pay", cluster="eu", pod="1"),
        alert(zone="a", service="pay", cluster="eu", pod="2"),
    )
    assert list(said(one, two).where.items()) == [("cluster", "eu"), ("service", "pay"), ("zone", "a")]


def test_the_worst_and_oldest_firing_alert_comes_first() -> None:
    members = (
        alert("Young", at=5),
        alert("Mild", severity=WARNING),
        alert("Old"),
        alert("Over", ended=30 * SECOND),
    )
    ledger = told("chat", *members[:3], alert("Over"), at=10 * SECOND)
    assert [line.name for line in said(*members, ledgers=(ledger,)).lines] == ["Old", "Young", "Mild", "Over"]


def test_how_many_fire_and_how_many_ended() -> None:
    ledger = told("chat", alert(), alert(pod="b"), alert(pod="c"), at=10 * SECOND)
    notification = said(alert(), alert(pod="b"), alert(pod="c", ended=30_000), ledgers=(ledger,))
    assert (notification.firing, notification.ended, len(notification.lines)) == (2, 1, 3)


def test_every_alert_is_counted_however_many_there_are() -> None:
    notification = said(*[alert(pod=str(number)) for number in range(300)])
    assert notification.firing == 300


def test_an_alert_that_fired_twice_is_one_line_that_says_so() -> None:
    ledger = told("chat", alert(), alert(pod="b", at=26_000), at=10 * SECOND)
    lives = (alert(ended=20_000), alert(episode=2, at=25_000), alert(pod="b", at=26_000))
    notification = said(*lives, ledgers=(ledger,), rules=rulebook(route(resolve_after=MINUTE)))
    shown = [(line.times, line.started_at, line.ended_at) for line in notification.lines]
    assert shown == [(2, START + 25_000, None), (1, START + 26_000, None)]


def test_the_severity_is_that_of_the_view() -> None:
    rules = rulebook(
        route("pay", match=match('team="pay"'), page=()), route("cart", match=match('team="cart"'), notify=("other",), page=()),
        destinations=(slack(), slack("other", "C2")),
    )  # fmt: skip
    both = (alert(team="pay", severity=WARNING), alert(team="cart"))
    assert said(*both, rules=rules).severity is WARNING
    assert [line.labels["team"] for line in said(*both, rules=rules).lines] == ["pay"]


def test_alerts_of_one_moment_stand_in_the_order_in_which_a_person_looks_for_them() -> None:
    lines = said(*[alert("Down", node=f"n{number}") for number in (10, 9, 1)]).lines
    assert [line.labels["node"] for line in lines] == ["n1", "n9", "n10"]


def test_what_all_alerts_say_is_said_once() -> None:
    notes = [{"summary": "A pod restarts.", "description": f"{pod} restarts"} for pod in "ab"]
    notification = said(*[alert(pod=note["description"][0], annotations=note) for note in notes])
    assert notification.said == ("A pod restarts.", "a restarts", "b restarts")


def test_where_passes_over_what_speaks_of_an_exporter() -> None:
    labels = {
        "cluster": "eu",
        "namespace": "shop",
        "pod": "cart-1",
        "job": "kube-state-metrics",
        "service": "kps-kube-state-metrics",
        "zone": "a",
    }
    notification = said(alert(**labels))
    assert (notification.place, notification.service) == ({"cluster": "eu", "namespace": "shop"}, "")
    assert list(notification.where) == ["cluster", "namespace", "pod", "zone", "job", "service"]
    assert notification.plumbing == 2


@pytest.mark.parametrize(
    ("word", "redact", "sent"),
    [
        pytest.param("fatal", (), "severity=fatal", id="another word is shown"),
        pytest.param("CRITICAL", (), "", id="ours in capitals is not"),
        pytest.param("fatal", ("severity",), "", id="nor is one that may not be shown"),
    ],
)
def test_the_senders_own_word_for_the_severity(word: str, redact: tuple[str, ...], sent: str) -> None:
    one = msgspec.structs.replace(alert(), labels={"alertname": "Down", "severity": word})
    notification = said(one, labels=LabelRules(redact=frozenset(redact)))
    assert (notification.sent_severity, notification.lines[0].sent_severity) == (sent, sent)


# Since when, and how long it took


def test_it_fires_since_the_oldest_alert_shown() -> None:
    assert said(alert(at=5 * SECOND), alert(pod="b", at=SECOND)).started_at == START + SECOND


def test_an_end_says_when_and_how_long_it_took() -> None:
    ledger = told("chat", alert(), alert(pod="b"), at=10 * SECOND)
    notification = said(
        alert(ended=4 * MINUTE), alert(pod="b", ended=9 * MINUTE), at=10 * MINUTE, ledgers=(ledger,)
    )
    assert notification.state is ENDED
    assert notification.ended_at - notification.started_at == 9 * MINUTE


def test_what_fires_has_no_end() -> None:
    notification = said(alert())
    assert (notification.state, notification.ended_at, notification.lines[0].ended_at) == (FIRING, None, None)


def test_a_quiet_view_says_when_it_closes() -> None:
    rules = rulebook(route(resolve_after=5 * MINUTE))
    ledger = told("chat", alert(), at=10 * SECOND, rules=rules)
    notification = said(alert(ended=MINUTE), at=2 * MINUTE, rules=rules, ledgers=(ledger,))
    assert (notification.state, notification.quiet_until, notification.firing) == (
        FIRING,
        START + 6 * MINUTE,
        0,
    )


def test_a_new_generation_speaks_of_the_new_life_alone() -> None:
    over, again = alert(ended=MINUTE), alert("Disk", at=3 * MINUTE)
    ledger = told("chat", over, at=2 * MINUTE, ledgers=(told("chat", alert(), at=10 * SECOND),))
    notification = said(over, again, at=4 * MINUTE, ledgers=(ledger,))
    assert (notification.generation, [line.name for line in notification.lines], notification.started_at) == (
        2,
        ["Disk"],
        START + 3 * MINUTE,
    )


# Who has it, who closed it, where it went


def test_who_acknowledged_it_and_when() -> None:
    notification = said(alert(), acknowledged=acknowledged(at=30 * SECOND))
    assert (notification.acknowledged_by, notification.acknowledged_at) == ("ann", START + 30 * SECOND)


def test_who_closed_it_while_it_fired() -> None:
    notification = said(
        alert(), ledgers=(told("chat", alert(), at=10 * SECOND),), closed=closed(at=30 * SECOND)
    )
    assert (notification.state, notification.closed_by, notification.firing) == (CLOSED, "ann", 1)


def test_where_it_is_told_now() -> None:
    rules = rulebook(route(notify=("other",), page=()), destinations=(slack(), slack("other", "C2")))
    notification = said(alert(), rules=rules, ledgers=(told("chat", alert(), at=10 * SECOND),))
    assert (notification.state, notification.moved_to) == (MOVED, "told at other now")


def test_what_moved_still_fires() -> None:
    notification = said(
        alert(), rules=rulebook(route(match=match('a="b"'))), ledgers=(told("chat", alert(), at=10 * SECOND),)
    )
    assert (notification.state, notification.firing, notification.ended, notification.lines[0].ended_at) == (
        MOVED,
        1,
        0,
        None,
    )


def test_the_owner_the_rule_and_the_incident_before() -> None:
    notification = said(
        alert(), rules=rulebook(route(owner="payments", reason="pay first")), previous="before"
    )
    assert (notification.owner, notification.rule, notification.previous) == (
        "payments",
        "everything (built-in): pay first",
        "before",
    )


def test_a_disputed_firing_says_why_it_comes_late() -> None:
    assert said(alert(held=330 * SECOND), at=6 * MINUTE).reason == "re-opened without a newer start"


def test_a_fallback_says_for_whom_it_stands_in() -> None:
    rules = rulebook(destinations=(slack(), pager(fallback=("chat",))))
    ledger = Ledger("inc", "pager", "pager", failing_since=START, fell_back_at=START + 1)
    assert (
        said(alert(), rules=rules, ledgers=(ledger,)).reason
        == "pager cannot be reached: whoever reads this has to act in its place"
    )


def test_only_a_page_mentions_people() -> None:
    rules = rulebook(route(notify=(), page=("chat",)), destinations=(slack(mention_on_page=("@ann",)),))
    notification = said(alert(), rules=rules)
    assert (notification.page, notification.mentions) == (True, ("@ann",))
    assert not said(alert()).page


# Links


def test_links_come_from_the_annotations_that_the_rules_name_and_from_the_source() -> None:
    annotations = {"runbook_url": "https://run.example", "board": "https://board.example"}
    labels = LabelRules(links={"runbook": "runbook_url", "dashboard": "board"})
    (line,) = said(alert(annotations=annotations, source_url="https://prom.example"), labels=labels).lines
    assert (line.runbook, line.dashboard, line.source) == (
        "https://run.example",
        "https://board.example",
        "https://prom.example",
    )


def test_the_incident_has_a_link_where_the_gateway_has_an_address() -> None:
    assert said(alert(), url="https://gw.example").link == "https://gw.example/api/v1/incidents/inc"
    assert said(alert()).link == ""


@pytest.mark.parametrize(
    "scheme", ["javascript:", "data:text/html,", "file:///", "ftp://", "//", " JavaScript:"]
)
def test_only_web_addresses_become_links(scheme: str) -> None:
    url = f"{scheme}evil.example/x"
    notification = said(
        alert(annotations={"runbook_url": url, "dashboard_url": url}, source_url=url), target="pager"
    )
    blocks = slack_blocks.render(notification).blocks
    buttons = [block for block in blocks if block["type"] == "actions"]
    links = pagerduty_event.render(notification)["links"]
    assert "evil.example" not in json.dumps([buttons, links, *mrkdwn_of(list(blocks))])


# Redaction

EMAIL = LabelRules(redact=frozenset({"customer_email"}))


def test_a_redacted_label_is_shown_as_a_hash_that_stays_the_same() -> None:
    once, twice = (
        said(alert(customer_email="ann@example.org", pod=pod), labels=EMAIL).lines[0] for pod in "ab"
    )
    assert re.fullmatch(r"redacted-[0-9a-f]{8}", once.labels["customer_email"])
    assert once.labels["customer_email"] == twice.labels["customer_email"]


def test_a_redacted_value_is_taken_out_of_every_other_text() -> None:
    annotations = {
        "summary": "mail to ann@example.org fails",
        "runbook_url": "https://run.example/ann@example.org",
    }
    one = alert("Mail", customer_email="ann@example.org", to="<ann@example.org>", annotations=annotations,
                source_url="https://prom.example/?q=ann@example.org")  # fmt: skip
    one = msgspec.structs.replace(one, id="a1")  # in the store it is a hash
    assert "ann@example.org" not in str(msgspec.to_builtins(said(one, labels=EMAIL)))


def test_a_senders_own_links_are_left_out_beside_a_redacted_label() -> None:
    """The address for a silence names every label, percent-encoded, so that its value would not be found."""
    silence = "https://grafana.example/silence/new?matcher=customer_email%3Dann%40example.org"
    links = {"silenceURL": silence, "panelURL": "https://grafana.example/d/1?var-customer=ann%40example.org"}
    (hidden,) = said(alert(customer_email="ann@example.org", annotations=links), labels=EMAIL).lines
    assert (hidden.silence, hidden.panel) == ("", "")
    assert "ann%40" not in str(hidden.annotations)
    (shown,) = said(alert(annotations=links)).lines
    assert shown.silence == silence


@pytest.mark.parametrize(
    "redact",
    [
        pytest.param({"customer_email"}, id="it quotes a redacted label"),
        pytest.param({"grafana_state_reason"}, id="the annotation that says it is redacted"),
    ],
)
def test_why_an_alert_ended_is_redacted_like_every_text(redact: set[str]) -> None:
    one = alert(ended=4 * MINUTE, customer_email="ann@example.org")
    one = msgspec.structs.replace(one, end_reason="query of ann@example.org was refused")
    ledger = told("chat", alert(customer_email="ann@example.org"), at=10 * SECOND)
    labels = LabelRules(redact=frozenset(redact))
    notification = said(one, labels=labels, at=10 * MINUTE, ledgers=(ledger,))
    assert "redacted-" in notification.ended_because
    assert "ann@example.org" not in str([notification.ended_because, notification.lines[0].ended_because])


def test_a_redacted_annotation_is_hidden_too() -> None:
    labels = LabelRules(redact=frozenset({"summary"}))
    assert "secret" not in said(alert(annotations={"summary": "secret"}), labels=labels).lines[0].summary


@given(
    secret=st.text(alphabet="ЖДЯЮ🔥", min_size=2, max_size=12),
    name=st.text(max_size=5),
    before=st.text(max_size=9),
    after=st.text(alphabet="ЖДabc ", max_size=9),
)
def test_no_redacted_value_leaves_in_any_text(secret: str, name: str, before: str, after: str) -> None:
    text = f"{before}{secret}{after}"
    one = alert(
        "A", service=text, customer_email=secret, annotations={"summary": text, name: text}, source_url=text
    )
    one = msgspec.structs.replace(one, id="a1")  # in the store it is a hash
    assert secret not in str(msgspec.to_builtins(said(one, labels=EMAIL)))


# Whatever a sender writes

HOSTILE = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "",
            "\ud800",
            "<!channel>",
            "{{ .X }}",
            "%s%n",
            "x" * 3_000,
            "\u202e\u0000",
            "javascript:alert(1)",
            "🔥",
        ]
    ),
)
NAMES = st.one_of(
    HOSTILE, st.sampled_from(["alertname", "service", "cluster", "summary", "customer_email", "runbook_url"])
)
TEXTS = st.dictionaries(NAMES, HOSTILE, max_size=5)


@st.composite
def hostile_alerts(draw: st.DrawFn) -> Alert:
    shape = alert(str(draw(st.integers(0, 3))), severity=draw(st.sampled_from(list(Severity)[1:])),
                  ended=draw(st.sampled_from([None, 20_000])), episode=draw(st.integers(1, 3)))  # fmt: skip
    started = draw(st.sampled_from([START, 0, -(10**14), 10**17]))
    return msgspec.structs.replace(
        shape, labels=draw(TEXTS), annotations=draw(TEXTS), source_url=draw(HOSTILE), started_at=started
    )


@given(
    st.lists(hostile_alerts(), min_size=1, max_size=5, unique_by=lambda one: one.episode_id), st.booleans()
)
def test_whatever_a_sender_writes_is_composed_and_rendered(alerts: list[Alert], was_told: bool) -> None:
    last_notified = LastNotified(FIRING, CRITICAL, {one.episode_id: True for one in alerts})
    ledgers = (Ledger("inc", "chat", "chat", last_notified=last_notified, generation=1),) if was_told else ()
    notification = said(*alerts, labels=EMAIL, ledgers=ledgers)
    assert notification.firing + notification.ended == len(notification.lines)
    assert slack_blocks.render(notification).text
    assert pagerduty_event.render(notification)
    notes_of(LastNotified(ENDED, WARNING), last_notified, notification)


@given(st.lists(hostile_alerts(), min_size=1, max_size=3, unique_by=lambda one: one.episode_id))
def test_the_plain_notification_holds_nothing_that_a_sender_wrote(alerts: list[Alert]) -> None:
    plan = planned(*alerts, at=MINUTE)
    notification = compose_plainly(plan.views["chat"], plan.incident, START + MINUTE)
    assert notification.title == "Incident inc"
    assert (notification.where, notification.lines, notification.mentions) == ({}, (), ())
    assert notification.firing == sum(one.firing for one in alerts)


def test_the_plain_notification_of_a_page_pages() -> None:
    plan = planned(alert(), at=MINUTE)
    assert compose_plainly(plan.views["pager"], plan.incident, START + MINUTE).page


def test_the_same_view_at_the_same_time_reads_the_same() -> None:
    view = planned(alert(), alert(pod="b"), at=MINUTE).views["chat"]
    whole = incident(alert(), alert(pod="b"))
    assert compose(view, whole, LabelRules(), START + MINUTE) == compose(
        view, whole, LabelRules(), START + MINUTE
    )

"""Further alerts, and alerts that fired again, are lines of the thread that are edited."""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.delivery.thread_notes import notes_of
from gateway.model.alert import Alert
from gateway.model.durations import MINUTE, SECOND
from gateway.model.ledger import Ledger, Note
from gateway.model.rules.rulebook import Rulebook
from tests.decisions.cases import alert, planned, route, telling_of, told
from tests.support.build import rulebook

PATIENT = rulebook(route(resolve_after=5 * MINUTE))


def noted(
    *alerts: Alert,
    ledger: Ledger,
    at: int = 10 * MINUTE,
    rules: Rulebook | None = None,
    lines: tuple[str, ...] = (),
) -> list[Note]:
    """The notes beside these lines of the thread, once these alerts are shown where the ledger says what was shown before."""
    view = planned(*alerts, at=at, ledgers=(ledger,), rules=rules).views["chat"]
    notification = msgspec.structs.replace(telling_of(view, *alerts, at=at), title="T")
    return [
        msgspec.structs.replace(note, at=None)
        for note in notes_of(ledger.last_notified, view.desired, notification, lines)
    ]


def pods(count: int, name: str = "PodDown") -> list[Alert]:
    return [alert(name, pod=f"p{number}", at=number) for number in range(count)]


def test_another_kind_of_alert_is_a_reply_of_its_own() -> None:
    ledger = told("chat", *pods(2), at=10 * SECOND)
    notes = noted(*pods(2), alert("ServiceDown", at=MINUTE), ledger=ledger)
    assert notes == [Note("➕ T: +1, 3 fire now; new: ServiceDown")]


@pytest.mark.parametrize(
    ("before", "after", "lines", "line", "joined"),
    [
        pytest.param(2, 3, (), "further 2", 1, id="the first to join begin a line"),
        pytest.param(3, 4, ("further 2",), "further 2", 2, id="whatever joins goes on there"),
        pytest.param(3, 30, ("again", "further 2"), "further 2", 28, id="however many at once"),
        pytest.param(
            4, 5, ("further 2",), "further 4", 1, id="until there are twice as many as when it began"
        ),
        pytest.param(
            6, 7, ("further 2", "further 4"), "further 4", 3, id="of several lines the newest goes on"
        ),
    ],
)
def test_more_of_a_kind_go_on_one_line_until_the_alerts_have_doubled(
    before: int, after: int, lines: tuple[str, ...], line: str, joined: int
) -> None:
    ledger = told("chat", *pods(before), at=10 * SECOND)
    (note,) = noted(*pods(after), ledger=ledger, lines=lines)
    assert (note.line, note.broadcast, note.mention) == (line, False, False)
    assert note.text.startswith(f"➕ T: +{joined}, {after} fire now; new: ")


def test_a_line_goes_on_naming_what_joined_before_the_newest_first() -> None:
    over = [alert("PodDown", pod=f"p{number}", at=number, ended=MINUTE) for number in range(4)]
    ledger = told("chat", *pods(5), at=10 * SECOND)
    now = (*over, *pods(6)[4:])
    (note,) = noted(*now, ledger=ledger, lines=("further 3",))
    assert note == Note("➕ T: +3, 2 fire now; new: PodDown p5, PodDown p4, PodDown p3", line="further 3")


def test_many_new_alerts_are_counted_not_listed() -> None:
    ledger = told("chat", alert("First"), at=10 * SECOND)
    others = [alert(f"Kind{number}", at=number) for number in range(9)]
    (note,) = noted(alert("First"), *others, ledger=ledger)
    assert note.text == "➕ T: +9, 10 fire now; new: Kind0, Kind1, Kind2, Kind3, Kind4 and 4 more"


def test_an_alert_that_fires_again_goes_on_a_line_that_says_how_often() -> None:
    ledger = told("chat", alert(), at=10 * SECOND, rules=PATIENT)
    lives = (alert(ended=MINUTE), alert(episode=2, at=2 * MINUTE))
    assert noted(*lives, ledger=ledger, at=3 * MINUTE, rules=PATIENT) == [
        Note("↻ T: fired again, 2nd time in 2m, firing 1m of them", line="again")
    ]


def test_of_several_alerts_the_one_that_fires_again_is_named() -> None:
    other = alert("Other")
    ledger = told("chat", alert(), other, at=10 * SECOND, rules=PATIENT)
    lives = (alert(ended=MINUTE), alert(episode=2, at=2 * MINUTE), other)
    (note,) = noted(*lives, ledger=ledger, at=3 * MINUTE, rules=PATIENT)
    assert note.text == "↻ T: HighErrorRate fired again, 2nd time in 2m, firing 1m of them"


def test_several_that_fire_again_at_once_are_one_line() -> None:
    ledger = told("chat", *pods(3), at=10 * SECOND, rules=PATIENT)
    over = [alert("PodDown", pod=f"p{number}", at=number, ended=MINUTE) for number in range(3)]
    again = [alert("PodDown", pod=f"p{number}", at=2 * MINUTE, episode=2) for number in range(3)]
    assert noted(*over, *again, ledger=ledger, at=3 * MINUTE, rules=PATIENT) == [
        Note("↻ T: 3 alerts fired again: PodDown p0, PodDown p1, PodDown p2", line="again")
    ]


@pytest.mark.parametrize(
    ("before", "new", "named"),
    [
        pytest.param([{"topic": "orders"}], [{"topic": "mails"}], "QueueLag lag topic=mails", id="by the label that differs"),
        pytest.param(
            [{"topic": "orders"}], [{"topic": "mails"}, {"topic": "audit"}],
            "QueueLag lag topic=mails, QueueLag lag topic=audit", id="each by its own",
        ),
        pytest.param(
            [{"topic": "orders", "group": "a"}], [{"topic": "mails", "group": "b"}],
            "QueueLag lag topic=mails group=b", id="by all that differ",
        ),
        pytest.param([{"topic": "orders"}], [{}], "QueueLag lag", id="alone where it has no label of its own"),
        pytest.param([{"pod": "a", "topic": "x"}], [{"pod": "b", "topic": "y"}], "QueueLag b", id="the thing is enough where it differs"),
        pytest.param([{"topic": "orders", "team": "t"}], [{"topic": "mails", "team": "t"}], "QueueLag lag topic=mails", id="never by what they share"),
    ],
)  # fmt: skip
def test_what_joins_is_named_with_what_tells_it_from_the_others(
    before: list[dict[str, str]], new: list[dict[str, str]], named: str
) -> None:
    known = [alert("QueueLag", service="lag", **labels) for labels in before]
    further = [
        alert("QueueLag", at=MINUTE + number, service="lag", **labels) for number, labels in enumerate(new)
    ]
    (note,) = noted(*known, *further, ledger=told("chat", *known, at=10 * SECOND))
    assert note.text == f"➕ T: +{len(new)}, {1 + len(new)} fire now; new: {named}"

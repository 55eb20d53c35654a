"""The thread of a message is told of the transitions that matter."""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.delivery.compose import compose
from gateway.decisions.delivery.thread_notes import notes_of
from gateway.model.alert import Alert
from gateway.model.durations import MINUTE
from gateway.model.ledger import LastNotified, Ledger, NotifiedState
from gateway.model.notification import Notification
from gateway.model.rules.rulebook import LabelRules, Rulebook
from gateway.model.severity import Severity
from gateway.model.worded import FiringTimes
from tests.decisions.cases import alert, planned, told
from tests.support.build import START

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


# The thread


def believes(state: NotifiedState = FIRING, severity: Severity = WARNING, **more: object) -> LastNotified:
    return LastNotified(**{"state": state, "severity": severity, "members": {"a.1": True}, **more})  # type: ignore[arg-type]


TWO = {"a.1": True, "b.1": True}


def thread(before: LastNotified, after: LastNotified, **more: object) -> list[tuple[str, bool, bool]]:
    """Each note: its text, whether the channel sees it, whether people are notified."""
    given = {"title": "Down · pay", "severity": after.severity, **more}
    notification = msgspec.structs.replace(said(alert("Down"), alert("Slow")), **given)
    return [(note.text, note.broadcast, note.mention) for note in notes_of(before, after, notification)]


@pytest.mark.parametrize(
    ("before", "after", "told_so"),
    [
        pytest.param(LastNotified(), believes(), [], id="a first message needs no reply"),
        pytest.param(believes(), believes(), [], id="nothing changed"),
        pytest.param(believes(ENDED), believes(), [("🟡 Down · pay fires again", True, False)], id="a re-fire is shown in the channel"),
        pytest.param(believes(ENDED), believes(paged=True), [("🟡 Down · pay fires again", True, True)], id="a re-fire that pages notifies"),
        pytest.param(
            believes(CLOSED), believes(), [("🟡 Down · pay fires on: the time it was closed for is over", True, False)],
            id="a close by hand that is over",
        ),
        pytest.param(
            believes(CLOSED), believes(severity=CRITICAL),
            [("🔴 Down · pay fires on: it got worse than when it was closed", True, False)],
            id="what was closed and got worse",
        ),
        pytest.param(
            believes(), believes(severity=Severity.ERROR), [("🟠 Down · pay rose from warning to error", False, False)], id="a rise",
        ),
        pytest.param(
            believes(), believes(severity=CRITICAL), [("🔴 Down · pay rose from warning to critical", True, False)],
            id="a rise to critical is shown in the channel",
        ),
        pytest.param(believes(severity=CRITICAL), believes(), [], id="a fall in severity is shown by the edit alone"),
        pytest.param(
            believes(), believes(paged=True), [("🟡 Down · pay needs somebody now", True, True)], id="a page that comes late notifies",
        ),
        pytest.param(believes(members=TWO), believes(members={"a.1": True, "b.1": False}), [], id="one of two ended"),
        pytest.param(
            believes(), believes(acknowledged_by="ann"), [("👀 Down · pay: acknowledged by ann", False, False)], id="somebody has it",
        ),
        pytest.param(
            believes(acknowledged_by="ann"), believes(severity=Severity.ERROR),
            [
                ("🟠 Down · pay rose from warning to error", False, False),
                ("🟠 Down · pay: the acknowledgement by ann no longer holds: it got worse", True, False),
            ],
            id="a rise takes the acknowledgement back",
        ),
        pytest.param(
            believes(acknowledged_by="ann"), believes(), [("🟡 Down · pay: the acknowledgement by ann no longer holds", True, False)],
            id="a person took the acknowledgement back",
        ),
        pytest.param(
            believes(), believes(CLOSED, closed_by="ann"), [("☑️ Down · pay: closed by ann while it still fires", False, False)],
            id="closed by hand",
        ),
        pytest.param(
            believes(), believes(covers={"pager": True}),
            [("🟡 Down · pay: pager cannot be reached, this is its notification", True, False)],
            id="it stands in for another",
        ),
        pytest.param(
            believes(covers={"pager": True}), believes(covers={"pager": False}), [("📟 Down · pay: delivered at pager now", False, False)],
            id="the other was reached",
        ),
    ],
)  # fmt: skip
def test_the_thread_is_told_of_the_transitions_that_matter(
    before: LastNotified, after: LastNotified, told_so: list[tuple[str, bool, bool]]
) -> None:
    assert thread(before, after, acknowledged_by="ann") == told_so


FLAPPED = FiringTimes(START, START + 4 * MINUTE, START + 5 * MINUTE, 3, 2 * MINUTE)


@pytest.mark.parametrize(
    ("before", "more", "text"),
    [
        pytest.param(believes(), {}, "✅ Resolved: Down · pay, after 55s", id="how long it took"),
        pytest.param(
            believes(),
            {"often": FLAPPED},
            "✅ Resolved: Down · pay, after 55s (3 times in 5m, firing 2m of them)",
            id="how often it fired",
        ),
        pytest.param(
            believes(CLOSED, closed_by="ann"), {}, "✅ Resolved: Down · pay, after 55s", id="it ended while closed"
        ),
    ],
)  # fmt: skip
def test_the_end_says_how_long_it_took(before: LastNotified, more: dict[str, object], text: str) -> None:
    ended = {"lines": (), "firing": 0, "ended_at": START + 55_000, "often": None, **more}
    assert thread(before, believes(ENDED), **ended) == [(text, False, False)]


def test_the_end_of_several_alerts_names_the_one_that_ended_last() -> None:
    ledger = told("chat", alert("Down"), alert("Slow", pod="b"), at=10_000)
    over = (alert("Down", ended=5 * MINUTE), alert("Slow", pod="b", ended=2 * MINUTE))
    notification = said(*over, at=6 * MINUTE, ledgers=(ledger,))
    (note,) = notes_of(ledger.last_notified, believes(ENDED), notification)
    assert note.text.endswith(", after 5m. Last to end: Down")


def test_a_move_is_no_end_in_the_thread_either() -> None:
    assert thread(believes(), believes(MOVED), moved_to="told at other now") == [
        ("➡️ Down · pay: no longer told here, told at other now", False, False)
    ]


def test_several_transitions_at_once_are_several_notes() -> None:
    texts = [
        text
        for text, _, _ in thread(believes(), believes(severity=CRITICAL, acknowledged_by="ann", paged=True))
    ]
    assert len(texts) == len(set(texts)) == 3


def test_a_stand_in_that_pages_notifies_once() -> None:
    found = thread(believes(), believes(paged=True, covers={"pager": True}))
    assert [mention for _, _, mention in found] == [True]

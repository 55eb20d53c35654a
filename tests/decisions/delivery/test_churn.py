"""Alerts that differ in one churning value alone are one alert for people."""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.delivery.churn import churns_of
from gateway.decisions.delivery.compose import compose
from gateway.decisions.delivery.thread_notes import notes_of
from gateway.model.alert import Alert, Copy
from gateway.model.durations import MINUTE, SECOND
from gateway.model.ledger import Ledger
from gateway.model.rules.rulebook import LabelRules
from tests.decisions.cases import alert, planned, seen_by, told
from tests.support.build import START

RULES = LabelRules()
UNEVEN = (2 * MINUTE, 7 * MINUTE, 0, 4 * MINUTE)
EVEN = (5 * MINUTE, 5 * MINUTE + 30 * SECOND, 5 * MINUTE, 5 * MINUTE - 20 * SECOND)


def values(label: str, *shown: str, each: int = MINUTE, gap: int = 0, **more: str) -> list[Alert]:
    """One alert after the other, each for a while; the last one fires on."""
    step, last = each + gap, len(shown) - 1
    return [
        alert(at=at * step, ended=None if at == last else at * step + each, **{label: value}, **more)
        for at, value in enumerate(shown)
    ]


def in_turn(label: str, *shown: str, gaps: tuple[int, ...]) -> list[Alert]:
    """One alert after the other, each for a minute, with these gaps (ms) between them; the last one fires on."""
    starts = [0]
    for gap in gaps:
        starts.append(starts[-1] + MINUTE + gap)
    ends = [start + MINUTE for start in starts[:-1]]
    return [
        alert(at=at, ended=end, **{label: value})
        for at, end, value in zip(starts, [*ends, None], shown, strict=True)
    ]


def told_in_turn(*shown: str, label: str = "used", **more: str) -> Ledger:
    """The ledger once every value was shown while it fired."""
    ledgers: tuple[Ledger, ...] = ()
    for at in range(len(shown)):
        alerts = values(label, *shown[: at + 1], **more)
        ledgers = (told("chat", *alerts, at=at * MINUTE + 30 * SECOND, ledgers=ledgers),)
    return ledgers[0]


def churning(*alerts: Alert, at: int = 30 * MINUTE) -> list[str]:
    members = seen_by("chat", *alerts, at=at).members
    return [churn.described for churn in churns_of(members, RULES).values()]


@pytest.mark.parametrize(
    ("alerts", "found"),
    [
        pytest.param(values("used", "91.5", "92.25", "93"), ["3rd value of used"], id="three measured values in a row"),
        pytest.param(values("used", "91.5", "92.5"), [], id="two values may be two things"),
        pytest.param(values("used", "91 %", "92%", "95 %"), ["3rd value of used"], id="a percentage is measured"),
        pytest.param(values("size", "1.5GiB", "-2.25 MiB", "1e9"), ["3rd value of size"], id="whatever its unit"),
        pytest.param(values("broker", "1", "2", "3"), [], id="brokers that fail in turn are things"),
        pytest.param(values("shard", *map(str, range(9))), [], id="up to nine of them"),
        pytest.param(values("used", *map(str, range(91, 96))), ["5th value of used"], id="several greater numbers are hardly things"),
        pytest.param(values("shard", *map(str, range(10, 14))), [], id="four may be"),
        pytest.param(in_turn("shard", *map(str, range(10, 15)), gaps=UNEVEN), [], id="shards that fail now and then are things"),
        pytest.param(in_turn("used", *map(str, range(91, 97)), gaps=(*EVEN, 0)), ["6th value of used"], id="or rests for once"),
        pytest.param(in_turn("used", *map(str, range(91, 96)), gaps=EVEN), ["5th value of used"], id="a rule begins each value at its own pace"),
        pytest.param(in_turn("shard", *map(str, range(10, 20)), gaps=(*UNEVEN, 0, *UNEVEN)), ["10th value of shard"], id="ten are no shards"),
        pytest.param(in_turn("lag", *map(str, range(910, 915)), gaps=UNEVEN), ["5th value of lag"], id="a longer number names hardly a thing"),
        pytest.param(values("used", *map(str, range(10))), ["10th value of used"], id="nor are ten of whatever size"),
        pytest.param(values("address", "10.0.0.1", "10.0.0.2", "10.0.0.3"), [], id="an address is no number"),
        pytest.param(values("window", "5m", "1h", "6h"), [], id="nor is a window of time"),
        pytest.param(values("request", *(f"0x{at}f" for at in range(10))), ["10th value of request"], id="nor are ids, which are many"),
        pytest.param(values("queue", "orders", "mails", "audit"), [], id="names are things"),
        pytest.param(values("pod", "web-1", "web-2", "web-3"), [], id="pods that fail in turn are things"),
        pytest.param(values("instance", "10.0.0.1:9100", "10.0.0.2:9100", "10.0.0.3:9100"), [], id="and so are machines"),
        pytest.param(values("used", "1.5", "2.5", "3.5", gap=5 * MINUTE), ["3rd value of used"], id="the rule's `for` lies between"),
        pytest.param(values("used", "1.5", "2.5", "3.5", gap=11 * MINUTE), [], id="hours apart they are other troubles"),
        pytest.param([alert(used=str(number)) for number in range(5)], [], id="what fires at the same time is several"),
        pytest.param(
            [*values("used", "1.5", "2.5")[:1], alert(at=MINUTE, used="2.5"), alert(at=2 * MINUTE, used="3.5")], [],
            id="too little has ended to tell",
        ),
        pytest.param(
            [*values("used", "1.5", "2.5", "3.5")[:2], alert(at=2 * MINUTE, used="3.5"), alert(at=3 * MINUTE, used="4.5")],
            ["3rd value of used"], id="the end of the value before comes late",
        ),
    ],
)  # fmt: skip
def test_what_churns(alerts: list[Alert], found: list[str]) -> None:
    assert churning(*alerts) == found


def test_what_differs_in_more_than_the_value_is_counted_by_itself() -> None:
    alerts = [
        *values("used", "1.5", "2.5", "3.5", node="n1"),
        *values("used", "1.5", "2.5", "3.5", node="n2"),
    ]
    assert churning(*alerts) == ["3rd value of used"] * 2


def test_people_see_the_newest_value_alone_as_one_alert_that_fires_since_the_first() -> None:
    shown = [f"{percent}.25" for percent in range(90, 98)]
    alerts, ledger = values("used", *shown, node="db1"), told_in_turn(*shown, node="db1")
    plan = planned(*alerts, at=9 * MINUTE, ledgers=(ledger,))
    notification = compose(plan.views["chat"], plan.incident, RULES, START + 9 * MINUTE)
    assert [line.labels["used"] for line in notification.lines] == ["97.25"]
    assert (notification.firing, notification.ended, notification.started_at) == (1, 0, START)
    assert notification.often is not None
    assert notification.often.times == 1
    assert notification.reason == "8th value of used, one after the other: the newest is shown"


def test_shards_that_a_rollout_restarts_are_folded_like_measured_values_and_whatever_fires_is_shown() -> None:
    """Nobody can tell the two apart: each begins when the one before is over. A wrong fold hides no alert that fires,
    and says how many were folded; to tell each value of a real churn would be a reply for each in the night.
    """
    shards = [str(number) for number in range(10, 15)]
    alerts = [*values("shard", *shards), alert(at=5 * MINUTE, shard="15")]
    ledger = told_in_turn(*shards, label="shard")
    plan = planned(*alerts, at=9 * MINUTE, ledgers=(ledger,))
    notification = compose(plan.views["chat"], plan.incident, RULES, START + 9 * MINUTE)
    assert {line.labels["shard"] for line in notification.lines} == {"14", "15"}
    assert notification.firing == 2
    assert notification.reason == "5th value of shard, one after the other: the newest is shown"


def test_the_pace_of_a_rule_is_read_from_the_ends_that_were_sent_and_not_from_when_they_came() -> None:
    alerts = [
        msgspec.structs.replace(
            sent,
            copies={"default/a": Copy(False, sent.started_at or 0, sent.ended_at)},
            ended_at=sent.ended_at and sent.ended_at + late,
        )
        for sent, late in zip(
            values("used", *map(str, range(91, 96))), (0, 4 * MINUTE, MINUTE, 3 * MINUTE, 0), strict=True
        )
    ]
    assert churning(*alerts) == ["5th value of used"]


def test_a_label_that_names_a_thing_never_churns() -> None:
    members = seen_by("chat", *values("shard", *map(str, range(10, 20))), at=30 * MINUTE).members
    assert churns_of(members, LabelRules(thing=("shard",))) == {}


def test_another_value_is_no_news_in_the_thread() -> None:
    ledger, now = told_in_turn("1.5", "2.5", "3.5"), values("used", "1.5", "2.5", "3.5", "4.5")
    plan = planned(*now, at=5 * MINUTE, ledgers=(ledger,))
    notification = compose(plan.views["chat"], plan.incident, RULES, START + 5 * MINUTE)
    assert notes_of(ledger.last_notified, plan.views["chat"].desired, notification) == ()

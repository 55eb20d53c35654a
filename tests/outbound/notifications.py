"""Tellings to render: tests name only what matters to them."""

from __future__ import annotations

from hypothesis import strategies as st

from gateway.decisions.delivery.annotations import sentences_of
from gateway.model.ledger import NotifiedState
from gateway.model.notification import AlertLine, Notification
from gateway.model.severity import Severity
from gateway.model.worded import Quieted, TakenStep
from gateway.outbound.signs import QUIETED_WORDS

NOW = 1_800_000_000_000  # ms
HOSTILE = "<!channel> <@U12345678> <http://evil|click> @here & *bold* `x` \u202eesrever\u200b\n\n> quote"


def line(name: str = "HighErrorRate", **more: object) -> AlertLine:
    given = {
        "severity": Severity.CRITICAL,
        "labels": {"pod": "pay-1"},
        "summary": "9 % fail",
        "started_at": NOW - 60_000,
        "ended_at": None,
        "thing": "pay-1",
    }
    return AlertLine(name, **{**given, **more})  # type: ignore[arg-type]


def notification(**more: object) -> Notification:
    given: dict[str, object] = {
        "incident": "abc123", "target": "chat", "generation": 1, "revision": 1, "state": NotifiedState.FIRING, "severity": Severity.CRITICAL,
        "title": "HighErrorRate · pay", "where": {"cluster": "eu-1", "service": "pay"}, "lines": (line(),), "firing": 1, "ended": 0,
        "started_at": NOW - 60_000, "ended_at": None, "at": NOW, "rule": "payments (rules/pay.yaml:7)",
    }  # fmt: skip
    whole = {**given, **more}
    where, alerts = whole["where"], whole["lines"]
    made = {  # as `compose` makes them of the same labels and annotations
        "place": {name: where[name] for name in ("cluster", "namespace", "service") if name in where},
        "service": where.get("service", ""),
        "said": tuple(dict.fromkeys(text for alert in alerts for text in sentences_of(alert.summary, alert.description))),
        "thing": alerts[0].thing if alerts else "",
    }  # fmt: skip
    return Notification(**{**made, **whole})  # type: ignore[arg-type]


texts = st.one_of(
    st.text(max_size=200),
    st.sampled_from(
        [HOSTILE, "x" * 5_000, "", "\ud800", "🔥" * 400, "&<>" * 700, "*_~`" * 700, "\u200b" * 3_000]
    ),
)
urls = st.one_of(
    texts,
    st.sampled_from(
        [
            "https://d.example/?a=1&b=" + "&" * 1_400,
            'http://x/a|b>c d"<!here>',
            "javascript:alert(1)",
            "http://",
        ]
    ),
)
times = st.one_of(st.integers(NOW - 10**9, NOW), st.sampled_from([0, -62_135_596_800_000, 10**18]))
labels = st.dictionaries(texts, texts, max_size=12)
lines = st.builds(
    line,
    texts,
    labels=labels,
    summary=texts,
    runbook=urls,
    dashboard=urls,
    source=urls,
    started_at=times,
    ended_at=st.none() | times,
    silenced_after_notify=texts,
    moved=st.booleans(),
    thing=texts,
    description=texts,
    sent_severity=texts,
    plumbing=st.integers(0, 12),
)
quieted = st.builds(
    Quieted,
    reason=st.sampled_from(sorted(QUIETED_WORDS)),
    rule=texts.map("silence s1 by {}".format),
    because=texts,
    until=st.none() | times,
    part=st.sampled_from(["", "1 of 2"]),
)
notifications = st.builds(
    notification,
    quieted=st.none() | quieted,
    hidden=st.none() | quieted,
    escalation=st.none()
    | st.builds(
        TakenStep,
        route=texts,
        number=st.integers(1, 9),
        after=st.none() | times,
        unless_acknowledged=st.booleans(),
    ),
    title=texts,
    where=labels,
    lines=st.lists(lines, max_size=30).map(tuple),
    firing=st.integers(0, 500),
    ended=st.integers(0, 500),
    moved=st.integers(0, 500),
    state=st.sampled_from(
        [NotifiedState.FIRING, NotifiedState.ENDED, NotifiedState.CLOSED, NotifiedState.MOVED]
    ),
    severity=st.sampled_from(Severity),
    started_at=times,
    ended_at=st.none() | times,
    quiet_until=st.none() | times,
    acknowledged_by=texts,
    closed_by=texts,
    moved_to=texts,
    rule=texts,
    reason=texts,
    owner=texts,
    previous=texts,
    link=urls,
    place=labels,
    plumbing=st.integers(0, 12),
    said=st.lists(texts, max_size=9).map(tuple),
    thing=texts,
    service=texts,
    sent_severity=texts,
)

"""The tolerant reader means the same as the strict one by every body that the strict one takes, and one odd alert
changes nothing for its neighbours.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.decisions.intake.normalise import Normaliser
from gateway.intake.parse_webhook import Parsed, observe, parse
from gateway.intake.read_body import read_strictly, read_tolerantly
from gateway.model.rules.rulebook import LabelRules
from tests.support.build import START

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.integers(-5, 1 << 70) | st.floats(allow_nan=False, allow_infinity=False)
TIMES = st.sampled_from(
    [
        "2026-11-23T10:00:00Z",
        "2026-11-23T10:00:00.123456789+02:00",
        "0001-01-01T00:00:00Z",
        "2026-11-23T10:00:00",
    ]
)
ALERTS = st.fixed_dictionaries(
    {"labels": st.dictionaries(TEXT, TEXT, max_size=4)},
    optional={
        "annotations": st.dictionaries(TEXT, TEXT, max_size=3),
        "status": st.sampled_from(["firing", "resolved", "", "FIRING", " Resolved", "other"]),
        "startsAt": TIMES,
        "endsAt": TIMES,
        "generatorURL": st.sampled_from(["", "http://prom/graph", "javascript:x", "/graph"]),
        "fingerprint": st.sampled_from(["", "0123456789abcdef", "nonsense"]),
        "dashboardURL": st.sampled_from([None, "https://g.example/d/1"]),
        "valueString": st.sampled_from([None, "", "[ A ]"]),
        "values": st.none() | st.dictionaries(TEXT, TEXT, max_size=2),
        "unknown": st.recursive(TEXT | NUMBERS | st.booleans() | st.none(), st.lists, max_leaves=5),
    },
)
BODIES = st.fixed_dictionaries(
    {"alerts": st.lists(ALERTS, max_size=4)},
    optional={
        "status": st.sampled_from(["firing", "resolved", ""]),
        "receiver": TEXT,
        "groupKey": TEXT,
        "truncatedAlerts": st.integers(0, 99),
        "commonLabels": st.dictionaries(TEXT, TEXT, max_size=2),
    },
)
# What the strict reader refuses, and people can read: as JSON, and the labels that follow from it
ODD = {
    '{"labels": {"alertname": "Odd", "port": 5432}}': {"alertname": "Odd", "port": "5432"},
    '{"labels": {"alertname": "Odd", "v": 1.0}, "x": NaN}': {"alertname": "Odd", "v": "1.0"},
    '{"labels": {"alertname": "Odd \\ud83d"}, "annotations": null}': {"alertname": "Odd \ufffd"},
    '{"labels": {"alertname": "Odd"}, "x": ' + "[" * 2_000 + "]" * 2_000 + "}": {"alertname": "Odd"},
}


def seen(body: bytes, *, strictly: bool) -> Parsed:
    read = read_strictly(body) if strictly else read_tolerantly(body)
    assert read is not None
    return observe(read, Normaliser(LabelRules()), START, "trace")


@given(body=BODIES)
def test_both_readers_agree(body: dict[str, Any]) -> None:
    raw = json.dumps(body).encode()
    strict, tolerant = seen(raw, strictly=True), seen(raw, strictly=False)
    assert strict.seen == tolerant.seen
    assert (strict.receiver, strict.group, strict.truncated) == (
        tolerant.receiver,
        tolerant.group,
        tolerant.truncated,
    )
    # They keep a bad alert as it was written, or as it was understood.
    assert [kept.fault for kept in strict.quarantined] == [kept.fault for kept in tolerant.quarantined]
    assert strict.lost == tolerant.lost


@given(body=BODIES, odd=st.sampled_from(sorted(ODD)), at=st.integers(0, 4))
def test_an_odd_alert_is_told_and_its_neighbours_are_what_they_were(
    body: dict[str, Any], odd: str, at: int
) -> None:
    alone = seen(json.dumps(body).encode(), strictly=True)
    alerts = [json.dumps(alert) for alert in body["alerts"]]
    alerts.insert(min(at, len(alerts)), odd)
    others = {name: value for name, value in body.items() if name != "alerts"}
    raw = json.dumps(others)[:-1] + (", " if others else "") + f'"alerts": [{", ".join(alerts)}]}}'
    parsed = parse(raw.encode(), Normaliser(LabelRules()), START, "trace")
    told = [one for one in parsed.seen if one not in alone.seen]
    assert [one.labels for one in told] == [ODD[odd]]
    assert [one for one in parsed.seen if one in alone.seen] == alone.seen

"""Events of Alertmanager's event recorder are read in each of their published shapes, and whatever else comes
is refused or kept.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from gateway.decisions.intake.normalise import Normaliser
from gateway.errors import BadWebhook
from gateway.intake.parse_events import parse_events
from gateway.intake.parse_webhook import Parsed
from gateway.model.copy_key import plain_key
from gateway.model.rules.origin import BUILT_IN, SecretName
from gateway.model.rules.rulebook import LabelRules
from gateway.model.rules.source import Source
from gateway.model.verdict import Reason
from tests.support.build import START, match
from tests.support.event_recorder import (
    DECIMAL,
    HEX,
    LABELS,
    event,
    inhibited,
    pairs,
    resolved,
    silenced,
    snapshot,
)

NOW = 1_800_000_000_000
EU = Source("eu", BUILT_IN)


def read(*events: object, source: Source = EU, batch: bool = False) -> Parsed:
    body = events if batch or len(events) != 1 else events[0]
    return parse_events(json.dumps(body).encode(), Normaliser(LabelRules(), source), NOW)


def test_an_end_is_read_as_its_webhook_would_be() -> None:
    (seen,) = read(resolved()).seen
    assert (seen.copy, seen.firing) == (f"eu/{HEX}", False)
    assert seen.labels == {"alertname": "Down", "service": "pay"}
    assert seen.annotations == {"summary": "it burns"}
    assert seen.ends_at == round(datetime(2026, 11, 23, 10, 5, 0, 250_000, UTC).timestamp() * 1000)
    assert seen.inferred_at is None, "its source said it"


@pytest.mark.parametrize(
    ("change", "copy"),
    [
        pytest.param(
            {"labels": LABELS, "annotations": {"summary": "it burns"}},
            HEX,
            id="labels as an object, after 0.34",
        ),
        pytest.param({"labels": {"labels": "x", "a": "b"}}, HEX, id="a label that is called labels"),
        pytest.param({"fingerprint": int(DECIMAL)}, HEX, id="a fingerprint that is a number"),
        pytest.param({"fingerprint": ""}, HEX, id="no fingerprint: computed"),
        pytest.param({"fingerprint": "9" * 30}, HEX, id="a fingerprint that is none: computed"),
        pytest.param({"fingerprint": "255"}, "00000000000000ff", id="a small fingerprint keeps its zeros"),
    ],
)
def test_each_shape_of_an_alert_is_read(change: dict[str, object], copy: str) -> None:
    parsed = read(resolved(**change))
    assert parsed.quarantined == []
    if change.get("labels", LABELS) == LABELS:
        assert plain_key(parsed.seen[0].copy) == f"eu/{copy}"
        assert parsed.seen[0].annotations == {"summary": "it burns"}


def test_a_batch_is_a_list_and_one_bad_event_spoils_no_other() -> None:
    parsed = read(
        resolved(),
        {"data": {"alertResolved": {"alert": {}}}},
        resolved(labels={"a": [5]}),
        resolved(),
        batch=True,
    )
    assert len(parsed.seen) == 2
    assert [one.field for one in parsed.quarantined] == ["events[]", "events[].labels.a"]
    assert "details" in parsed.quarantined[0].error


def test_what_is_plain_in_an_odd_body_is_read() -> None:
    odd = json.dumps([resolved(labels={"alertname": "Port", "port": 5432}), resolved()]).encode()
    parsed = parse_events(
        b"\xef\xbb\xbf" + odd.replace(b"it burns", b"it burns \\ud83d"), Normaliser(LabelRules()), START
    )
    assert [one.labels.get("port", "") for one in parsed.seen] == ["5432", ""]
    assert parsed.seen[0].annotations["summary"] == "it burns \ufffd"
    assert parsed.quarantined == []


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(event(alertCreated={"alert": snapshot(pairs(LABELS))}), id="an alert that begins"),
        pytest.param(
            event(notification={"alerts": [], "reason": "NOTIFY_REASON_UNSPECIFIED"}), id="a notification"
        ),
        pytest.param(event(silenceCreated={"silence": {"id": "5f2c"}}), id="a new silence"),
        pytest.param(event(alertmanagerStartupEvent={"version": "0.34.0"}), id="a start"),
        pytest.param(event(somethingNew={"a": [1]}), id="what a later release adds"),
        pytest.param(event(), id="nothing"),
        pytest.param(resolved(resolved=False), id="an end that is none"),
    ],
)
def test_other_events_are_passed_over(other: object) -> None:
    parsed = read(other)
    assert (parsed.seen, parsed.quarantined, parsed.quieted) == ([], [], {})


def test_ends_of_another_receivers_alerts_are_passed_over() -> None:
    ours = Source("eu", BUILT_IN, receiver="gateway")
    assert read(resolved("mail"), source=ours).seen == []
    assert len(read(resolved("gateway"), source=ours).seen) == 1
    assert len(read(resolved("mail")).seen) == 1, "nobody said which receiver is ours"


@pytest.mark.parametrize(
    ("what", "by"),
    [
        pytest.param(silenced(), "silence 5f2c by ann: we know", id="a silence"),
        pytest.param(silenced(LABELS), "silence 5f2c by ann: we know", id="a silence, labels as an object"),
        pytest.param(
            inhibited(), "inhibited by 0000000000000010, 00000000000000ff (node-down)", id="an inhibition"
        ),
    ],
)
def test_by_what_an_alert_is_quieted(what: object, by: str) -> None:
    assert read(what).quieted == {f"eu/{HEX}": by}


def test_of_a_source_that_is_asked_only_ends_count() -> None:
    asked = Source("eu", BUILT_IN, alertmanager=(SecretName("AM"),), receiver="gateway")
    parsed = read(silenced(), resolved(), source=asked)
    assert (parsed.quieted, len(parsed.seen)) == ({}, 1)


def test_what_the_source_may_not_send_is_quarantined() -> None:
    (quarantined,) = read(resolved(), source=Source("eu", BUILT_IN, match('service="cart"'))).quarantined
    assert (quarantined.reason, quarantined.field) == (Reason.OUTSIDE_SOURCE, "events[].labels")


@pytest.mark.parametrize(
    "body", [b"", b"hello", b"[1", b"3", b'"x"', b'{"alerts": []}', b"\xff", b"[" * 100_000]
)
def test_a_body_without_events_is_refused(body: bytes) -> None:
    with pytest.raises(BadWebhook):
        parse_events(body, Normaliser(LabelRules()), NOW)


@pytest.mark.parametrize(
    "inner", [b"1", b"null", b"[]", b'{"data": 5}', b'{"data": {"alertResolved": []}}', b'"\xff"']
)
def test_what_is_no_event_in_a_batch_is_kept(inner: bytes) -> None:
    parsed = parse_events(b"[" + inner + b"]", Normaliser(LabelRules()), NOW)
    assert len(parsed.quarantined) == 1

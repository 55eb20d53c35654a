"""A webhook's body is read whole where it can be, and else alert by alert, so that one spoils no other."""

from __future__ import annotations

import json

import pytest

from gateway.decisions.intake.normalise import Normaliser
from gateway.errors import BadWebhook
from gateway.intake.parse_webhook import Parsed, parse
from gateway.intake.read_body import MAX_ALERTS, check_count
from gateway.model.quarantined import MAX_RAW
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.rulebook import LabelRules
from gateway.model.rules.source import Source
from gateway.model.verdict import Reason
from tests.support.build import START, match

DOWN = {"labels": {"alertname": "Down"}, "startsAt": "2026-11-23T10:00:00Z"}
SLOW = {"labels": {"alertname": "Slow"}, "startsAt": "2026-11-23T10:00:00Z"}
EU = Source("eu", BUILT_IN, match('alertname="Down"'))


def read(body: object, source: Source | None = None) -> Parsed:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return parse(
        raw, Normaliser(LabelRules(), source) if source else Normaliser(LabelRules()), START, "trace"
    )


def names(parsed: Parsed) -> list[str]:
    return [observation.labels["alertname"] for observation in parsed.seen]


def test_a_body_as_alertmanager_sends_it_is_read_with_what_it_says_of_itself() -> None:
    parsed = read(
        {
            "alerts": [DOWN, SLOW],
            "status": "firing",
            "receiver": "gw",
            "groupKey": "{}:{}",
            "truncatedAlerts": 3,
        }
    )
    assert names(parsed) == ["Down", "Slow"]
    assert (parsed.source, parsed.receiver, parsed.group, parsed.truncated) == ("default", "gw", "{}:{}", 3)
    assert {observation.trace for observation in parsed.seen} == {"trace"}


def test_an_alert_without_a_status_has_that_of_its_group() -> None:
    assert [observation.firing for observation in read({"alerts": [DOWN], "status": "resolved"}).seen] == [
        False
    ]
    assert [observation.firing for observation in read({"alerts": [DOWN]}).seen] == [True]


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        pytest.param(5, "alerts[]", id="an alert that is a number"),
        pytest.param({"status": "firing"}, "alerts[].labels", id="an alert without labels"),
        pytest.param({**DOWN, "labels": {"alertname": [5]}}, "alerts[].labels", id="a label that is a list"),
    ],
)
def test_a_bad_alert_goes_to_quarantine_alone_with_its_place(bad: object, field: str) -> None:
    parsed = read({"alerts": [DOWN, bad, SLOW], "receiver": 5})
    assert names(parsed) == ["Down", "Slow"]
    (kept,) = parsed.quarantined
    assert kept.field.startswith(field)
    assert (json.loads(kept.raw), kept.reason, kept.whole) == (bad, Reason.MALFORMED, False)
    assert parsed.receiver == "", "what a body says of itself counts where it is a text"


def test_the_same_fault_of_two_alerts_has_one_place() -> None:
    first, second = read({"alerts": [{"status": "firing"}, DOWN, {"status": "resolved"}]}).quarantined
    assert first.fault == second.fault


def test_what_its_source_may_not_send_goes_to_quarantine_for_that() -> None:
    parsed = read({"alerts": [DOWN, SLOW]}, EU)
    assert names(parsed) == ["Down"]
    assert [(kept.source, kept.reason) for kept in parsed.quarantined] == [("eu", Reason.OUTSIDE_SOURCE)]


def test_no_more_of_a_bad_alert_is_kept_than_there_is_room_for() -> None:
    (kept,) = read({"alerts": [{"labels": None, "annotations": {"text": "x" * 2 * MAX_RAW}}]}).quarantined
    assert len(kept.raw) == MAX_RAW


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param(b"", "", id="nothing"),
        pytest.param(b"hello", "", id="no JSON"),
        pytest.param(b'{"alerts": [', "", id="a body that was cut off"),
        pytest.param(b'{"receiver": "gw"}', "alerts", id="no alerts"),
        pytest.param(b'{"alerts": {}}', "alerts", id="alerts that are no list"),
        pytest.param(b"[]", "alerts", id="a list"),
    ],
)
def test_a_body_that_is_no_webhook_is_refused_with_the_field(body: bytes, field: str) -> None:
    with pytest.raises(BadWebhook) as caught:
        read(body)
    assert caught.value.field == field


def test_a_webhook_may_have_many_alerts_and_not_any_number() -> None:
    check_count(MAX_ALERTS)
    with pytest.raises(BadWebhook, match="set max_alerts on the receiver"):
        check_count(MAX_ALERTS + 1)


def test_what_is_plain_is_read_whatever_else_is_odd_in_the_body() -> None:
    body = (
        b'\xef\xbb\xbf{"status": "FIRING", "receiver": "gw", "truncatedAlerts": 4, "values": {"B": NaN}, "alerts": ['
        b'{"labels": {"alertname": "Port", "port": 5432, "up": false, "v": 1.0}, "annotations": null},'
        b'{"labels": {"alertname": "Cut"}, "annotations": {"summary": "disk \\ud83d"}},'
        b'{"labels": {"alertname": "Latin"}, "annotations": {"summary": "caf\xe9"}},'
        b'{"labels": {"alertname": "Bad", "list": [1, 2]}}]}'
    )
    parsed = read(body)
    port, cut, latin = parsed.seen
    assert port.labels == {"alertname": "Port", "port": "5432", "up": "false", "v": "1.0"}
    assert all(one.firing for one in parsed.seen)
    assert (cut.annotations["summary"], latin.annotations["summary"]) == ("disk \ufffd", "caf\ufffd")
    assert (parsed.receiver, parsed.truncated) == ("gw", 4)
    (kept,) = parsed.quarantined
    assert kept.raw == b'{"labels": {"alertname": "Bad", "list": [1, 2]}}', "it is kept as it was written"


def test_what_is_odd_in_one_alert_changes_nothing_for_another() -> None:
    (alone,) = read({"alerts": [SLOW]}).seen
    body = json.dumps({"alerts": [SLOW, {"labels": {"alertname": "Odd", "n": 1}}]})
    assert read(body.encode()).seen[0] == alone


def test_an_alert_from_quarantine_is_read_as_it_was_written() -> None:
    (kept,) = read(
        b'{"alerts": [{"labels": {"alertname": "Bad", "n": 1.0}, "status": "unheard of \\ud83d"}]}'
    ).quarantined
    again = read(b'{"alerts":[' + kept.raw.replace(b"unheard of \\ud83d", b"firing") + b"]}")
    assert again.seen[0].labels == {"alertname": "Bad", "n": "1.0"}
    assert kept.fault.encode(), "the fault can be written down"

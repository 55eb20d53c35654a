"""What Alertmanager's event recorder posts: in each of its published shapes, and in what else may come."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from gateway.decisions.intake.normalise import Normaliser
from gateway.errors import BadWebhook
from gateway.intake.parse_events import parse_events
from gateway.intake.parse_webhook import Parsed
from gateway.model.alert import fingerprint
from gateway.model.rules.origin import BUILT_IN, SecretName
from gateway.model.rules.rulebook import LabelRules
from gateway.model.rules.source import Source
from gateway.model.verdict import Reason
from tests.inbound.test_door import NOW, Taker, door, post
from tests.support.build import match

LABELS = {"alertname": "Down", "service": "pay", "empty": ""}
HEX = fingerprint({"alertname": "Down", "service": "pay"})
DECIMAL = str(int(HEX, 16))
PATH = "/webhooks/alertmanager/events"


def pairs(labels: dict[str, str]) -> object:
    """A label set as 0.33 and 0.34 write it: protobuf leaves empty values out."""
    return {"labels": [{"key": name, **({"value": value} if value else {})} for name, value in labels.items()]}


def snapshot(labels: object, **more: object) -> dict[str, object]:
    return {
        "fingerprint": DECIMAL,
        "name": "Down",
        "labels": labels,
        "annotations": {"labels": [{"key": "summary", "value": "it burns"}]},
        "startsAt": "2026-11-23T10:00:00Z",
        "endsAt": "2026-11-23T10:05:00.250Z",
        "resolved": True,
        **more,
    }


def event(**data: object) -> dict[str, object]:
    return {"@timestamp": "2026-11-23T10:05:01Z", "instance": "am-0", "clusterPosition": 1, "data": data}


def resolved(receiver: str = "gateway", **more: object) -> dict[str, object]:
    grouped = {"hash": "17893741927341892", "details": snapshot(**{"labels": pairs(LABELS), **more})}
    return event(alertResolved={"alert": grouped, "groupInfo": {"groupKey": "{}:{}", "receiverName": receiver}})


def muted(labels: object = None) -> dict[str, object]:
    return {"fingerprint": DECIMAL, "labels": labels or pairs(LABELS)}


def silenced(labels: object = None) -> dict[str, object]:
    silence = {"id": "5f2c", "createdBy": "ann", "comment": "we know", "matchers": []}
    return event(silenceMutedAlert={"silence": silence, "mutedAlert": muted(labels)})


def inhibited() -> dict[str, object]:
    rules = [{"name": "node-down"}, {"equalLabels": ["node"]}]
    return event(inhibitionMutedAlert={"inhibitRules": rules, "mutedAlert": muted(), "inhibitingFingerprints": ["255", "16"]})


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
    assert seen.inferred_at == 0, "its source said it"


@pytest.mark.parametrize(
    ("change", "copy"),
    [
        pytest.param({"labels": LABELS, "annotations": {"summary": "it burns"}}, HEX, id="labels as an object, after 0.34"),
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
        assert parsed.seen[0].copy == f"eu/{copy}"
        assert parsed.seen[0].annotations == {"summary": "it burns"}


def test_a_batch_is_a_list_and_one_bad_event_spoils_no_other() -> None:
    parsed = read(resolved(), {"data": {"alertResolved": {"alert": {}}}}, resolved(labels={"a": 5}), resolved(), batch=True)
    assert len(parsed.seen) == 2
    assert [one.field for one in parsed.quarantined] == ["events[]", "events[].labels"]
    assert "details" in parsed.quarantined[0].error


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(event(alertCreated={"alert": snapshot(pairs(LABELS))}), id="an alert that begins"),
        pytest.param(event(notification={"alerts": [], "reason": "NOTIFY_REASON_UNSPECIFIED"}), id="a notification"),
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
        pytest.param(inhibited(), "inhibited by 0000000000000010, 00000000000000ff (node-down)", id="an inhibition"),
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


@pytest.mark.parametrize("body", [b"", b"hello", b"[1", b"3", b'"x"', b'{"alerts": []}', b"\xff", b"[" * 100_000])
def test_a_body_without_events_is_refused(body: bytes) -> None:
    with pytest.raises(BadWebhook):
        parse_events(body, Normaliser(LabelRules()), NOW)


@pytest.mark.parametrize("inner", [b"1", b"null", b"[]", b'{"data": 5}', b'{"data": {"alertResolved": []}}', b'"\xff"'])
def test_what_is_no_event_in_a_batch_is_kept(inner: bytes) -> None:
    parsed = parse_events(b"[" + inner + b"]", Normaliser(LabelRules()), NOW)
    assert len(parsed.quarantined) == 1


@pytest.mark.parametrize("path", [PATH, PATH + "/"])
async def test_events_come_through_the_same_door(path: str) -> None:
    taker = Taker()
    answer = await post(door(taker, ["token"]), [resolved(), silenced()], path, headers={"authorization": "Bearer token"})
    assert (answer.status_code, answer.json()["alerts"]) == (200, 1)
    assert len(taker.seen) == len(taker.quieted) == 1


async def test_the_door_keeps_its_manners_for_events() -> None:
    assert (await post(door(Taker(), ["token"]), [], PATH)).status_code == 401
    assert (await post(door(Taker(refuses="away")), [], PATH)).status_code == 503
    assert (await post(door(Taker()), b"", PATH, method="GET")).status_code == 405
    taker = Taker()
    refused = await post(door(taker), {"alerts": []}, PATH)
    assert (refused.status_code, refused.json()["field"]) == (400, "data")
    assert taker.quarantined[0].whole

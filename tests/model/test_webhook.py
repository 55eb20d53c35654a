"""Bodies of Alertmanager's webhook are decoded as they come over the wire, and later releases may add to
them.
"""

from __future__ import annotations

import msgspec
import pytest

from gateway.model.webhook import Number, WireAlert, WireBody

BODY = b'{"version":"4","receiver":"gw","alerts":[{"labels":{"alertname":"Down"},"startsAt":"2026-11-23T10:00:00Z"}]}'


def alert_of(body: WireBody) -> WireAlert:
    (alert,) = body.alerts
    return msgspec.json.decode(alert, type=WireAlert)


def test_an_alert_has_its_labels_and_a_time_with_a_zone() -> None:
    body = msgspec.json.decode(BODY, type=WireBody)
    alert = alert_of(body)
    assert (body.receiver, alert.labels) == ("gw", {"alertname": "Down"})
    assert alert.startsAt is not None
    assert alert.startsAt.isoformat() == "2026-11-23T10:00:00+00:00"
    assert (alert.endsAt, alert.annotations, alert.fingerprint) == (None, {}, "")


def test_keys_of_a_later_release_are_passed_over() -> None:
    later = BODY.replace(b'"labels":', b'"silencedBy":["5f2c"],"labels":').replace(
        b'"receiver":', b'"messages":{},"receiver":'
    )
    read, known = (msgspec.json.decode(one, type=WireBody) for one in (later, BODY))
    assert (read.receiver, read.groupKey) == (known.receiver, known.groupKey)
    assert alert_of(read) == alert_of(known)


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(b'{"labels":{"alertname":5}}', id="a label that is a number"),
        pytest.param(b'{"labels":{},"startsAt":"yesterday"}', id="a time that is none"),
        pytest.param(b'{"annotations":{}}', id="no labels at all"),
    ],
)
def test_an_odd_alert_is_refused_strictly(odd: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(odd, type=WireAlert)


def test_a_number_is_the_text_that_was_written() -> None:
    assert Number("1.0") == "1.0"
    assert str(Number("1e5")) == "1e5"

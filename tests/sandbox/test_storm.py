"""The recorded storm: always the same one, with everything in it that makes Alertmanager's webhooks hard, and
an end of it all.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.model.fingerprint import fingerprint, identity
from gateway.sandbox.storm import LENGTH, Webhook, storm

BEGIN = datetime(2026, 11, 23, 10, tzinfo=UTC)
PLAYED = storm(BEGIN)


def alerts_of(webhooks: Iterable[Webhook]) -> list[Mapping[str, Any]]:
    return [alert for one in webhooks for alert in one.body["alerts"]]  # type: ignore[attr-defined]


def seconds(moment: str) -> float:
    return (datetime.fromisoformat(moment) - BEGIN).total_seconds()


def lives(name: str) -> dict[str, list[tuple[float, str]]]:
    """Of the alerts of this name, by identity: what was said of them in order, with the start it was said of."""
    found: dict[str, list[tuple[float, str]]] = {}
    for alert in alerts_of(PLAYED):
        if alert["labels"]["alertname"] == name:
            key = identity(alert["labels"], ("prometheus_replica",))
            found.setdefault(key, []).append((seconds(alert["startsAt"]), alert["status"]))
    return found


def test_it_is_the_same_storm_each_time() -> None:
    assert storm(BEGIN) == storm(BEGIN)


def test_another_beginning_moves_every_time_and_nothing_else() -> None:
    later = storm(BEGIN + timedelta(hours=3))
    assert [one.at for one in later] == [one.at for one in PLAYED]
    moved = zip(alerts_of(PLAYED), alerts_of(later), strict=True)
    assert {seconds(after["startsAt"]) - seconds(before["startsAt"]) for before, after in moved} == {
        3 * 3600.0
    }


def test_webhooks_come_in_the_order_of_their_arrival() -> None:
    assert [one.at for one in PLAYED] == sorted(one.at for one in PLAYED)


def test_played_faster_the_times_inside_are_closer_by_as_much() -> None:
    fast = alerts_of(storm(BEGIN, 20.0))
    assert [seconds(one["startsAt"]) for one in fast] == pytest.approx(
        [seconds(one["startsAt"]) / 20 for one in alerts_of(PLAYED)]
    )


def test_nothing_is_reported_before_it_starts_or_ended_before_its_end() -> None:
    for one in PLAYED:
        for alert in alerts_of([one]):
            assert seconds(alert["startsAt"]) <= one.at
            assert alert["status"] == "firing" or seconds(alert["endsAt"]) <= one.at


@pytest.mark.parametrize(
    "key", ["version", "groupKey", "truncatedAlerts", "status", "receiver", "groupLabels", "commonLabels", "commonAnnotations", "externalURL", "alerts"]
)  # fmt: skip
def test_every_body_has_what_alertmanagers_version_4_has(key: str) -> None:
    assert all(key in json.loads(json.dumps(one.body)) for one in PLAYED)


def test_a_body_fires_while_any_alert_in_it_does() -> None:
    for one in PLAYED:
        fires = any(alert["status"] == "firing" for alert in alerts_of([one]))
        assert one.body["status"] == ("firing" if fires else "resolved")


def test_what_fires_has_the_year_1_as_its_end() -> None:
    assert {one["endsAt"] for one in alerts_of(PLAYED) if one["status"] == "firing"} == {
        "0001-01-01T00:00:00Z"
    }


def test_fingerprints_are_those_of_the_labels() -> None:
    assert all(one["fingerprint"] == fingerprint(one["labels"]) for one in alerts_of(PLAYED))


def test_both_peers_of_the_alertmanager_pair_send_every_webhook() -> None:
    sent = Counter((one.body["groupKey"], one.body["externalURL"]) for one in PLAYED)
    peers = {url for _, url in sent}
    assert len(peers) == 2
    assert all(sent[group, url] == sent[group, other] for group, url in sent for other in peers)


def test_both_prometheus_replicas_report_every_alert() -> None:
    for one in PLAYED:
        replicas = Counter(alert["labels"]["prometheus_replica"] for alert in alerts_of([one]))
        assert len(replicas) == 2
        assert len({*replicas.values()}) == 1


def test_groups_are_said_again_when_nothing_has_changed() -> None:
    of_one_peer = [
        json.dumps(one.body) for one in PLAYED if one.body["externalURL"] == PLAYED[0].body["externalURL"]
    ]
    assert max(Counter(of_one_peer).values()) > 1


def test_every_life_that_was_reported_firing_is_reported_ended() -> None:
    fired = {(one["fingerprint"], one["startsAt"]) for one in alerts_of(PLAYED) if one["status"] == "firing"}
    ended = {
        (one["fingerprint"], one["startsAt"]) for one in alerts_of(PLAYED) if one["status"] == "resolved"
    }
    assert fired
    assert fired <= ended


def test_no_life_fires_again_after_its_end_was_said_by_the_same_peer() -> None:
    over: set[tuple[object, ...]] = set()
    for one in PLAYED:
        for alert in alerts_of([one]):
            life = (one.body["externalURL"], alert["fingerprint"], alert["startsAt"])
            assert alert["status"] == "resolved" or life not in over
            over |= {life} if alert["status"] == "resolved" else set()


def test_it_ends_soon_after_its_length_and_everything_is_over_then() -> None:
    assert LENGTH <= PLAYED[-1].at <= LENGTH + 60
    assert PLAYED[-1].body["status"] == "resolved"


def test_a_disk_flaps() -> None:
    (disk,) = lives("DiskPressure").values()
    assert len({start for start, status in disk if status == "firing"}) >= 6


def test_the_database_goes_down_first_and_the_services_that_call_it_follow() -> None:
    first = {
        alert["labels"]["service"]: seconds(alert["startsAt"])
        for alert in reversed(alerts_of(PLAYED))
        if "service" in alert["labels"]
    }
    (database,) = lives("PostgresDown").values()
    assert database[0][0] < min(first["checkout"], first["frontend"])
    assert max(first["checkout"], first["frontend"]) < 150


def test_twelve_workers_run_out_of_memory() -> None:
    assert len(lives("HighMemoryUsage")) == 12


def test_the_watchdog_needs_nobody_and_fires_all_the_time() -> None:
    watchdog = [one for one in alerts_of(PLAYED) if one["labels"]["alertname"] == "Watchdog"]
    assert {one["labels"]["severity"] for one in watchdog} == {"none"}
    assert {seconds(one["startsAt"]) for one in watchdog} == {0.0}
    assert {seconds(one["endsAt"]) for one in watchdog if one["status"] == "resolved"} == {float(LENGTH)}

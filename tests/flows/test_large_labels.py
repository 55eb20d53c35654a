"""An alert with very large labels: its timeline says that they were cut, and what fires already keeps its labels."""

from __future__ import annotations

from gateway.decisions.intake.normalise import Normaliser
from gateway.model.alert import Observation
from gateway.model.changes import Table
from gateway.model.durations import MINUTE
from gateway.model.fingerprint import fingerprint, identity
from gateway.model.records import load_alert
from gateway.model.rules.rulebook import LabelRules
from gateway.model.webhook import WireAlert
from tests.support.build import seen
from tests.support.world import World

LABELS = {"alertname": "Down", "severity": "critical", **{f"l{number}": "x" * 12_000 for number in range(4)}}


def sent(status: str) -> Observation:
    alert = WireAlert(labels=LABELS, fingerprint=fingerprint(LABELS), status=status)
    found = Normaliser(LabelRules()).normalise(alert, status, 0)
    assert isinstance(found, Observation)
    return found


async def test_that_labels_were_cut_is_said_and_counted_once_for_each_life() -> None:
    world = World()
    for _ in range(3):
        await world.webhook(sent("firing"))
    said = [entry for _, entry in world.store.log if entry.what == "labels_cut"]
    assert [entry.detail["values"] for entry in said] == [2]
    assert world.store.counted["labels_cut"] == 1
    await world.until(MINUTE)
    assert world.pagerduty.sent
    await world.webhook(sent("resolved"))
    assert world.store.counted["open:counted"] == 0


async def test_what_fires_with_its_whole_labels_is_found_by_its_key_and_ends() -> None:
    """As the version before has stored it."""
    world = World()
    before = seen()
    whole = Observation(
        copy=f"default/{fingerprint(LABELS)}", alert=identity(LABELS), labels=LABELS, annotations={},
        severity=before.severity, firing=True, starts_at=before.starts_at, ends_at=None,
    )  # fmt: skip
    await world.webhook(whole)
    await world.webhook(sent("firing"))
    (row,) = world.store.rows[Table.ALERTS].values()
    assert load_alert(row.value).labels == LABELS
    await world.webhook(sent("resolved"))
    (row,) = world.store.rows[Table.ALERTS].values()
    assert not load_alert(row.value).firing
    assert "labels_cut" not in world.store.counted

"""The subject of an alert in the words of the statistics: the same
for what was told and for what was kept quiet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from gateway.decisions.delivery.exporters import exporter_in
from gateway.decisions.delivery.redaction import redact_alert
from gateway.decisions.delivery.thing import place_of, thing_of, with_exported
from gateway.decisions.partition import partition_of
from gateway.model.alert import Alert
from gateway.model.rules.rulebook import LabelRules
from gateway.model.statistics.events import SpellEntity

TEAM = "team"


class AlertSubject(NamedTuple):
    """Texts as people read them, redacted. `team` is that of its label, None where it has none."""

    alertname: str
    team: str | None
    entity: SpellEntity


def subject_of(alert: Alert, labels: LabelRules, partition_by: Sequence[str] = ()) -> AlertSubject:
    """Return what the page of an incident of this alert alone would say it is about."""
    shown = redact_alert(alert, labels)
    thing = thing_of(shown.labels, labels)
    place = place_of(shown.labels, thing.passed_over, labels, of_target=thing.of_target)
    entity = SpellEntity(
        partition=_partition(shown, partition_by),
        scope=thing.scope or None,
        service=next((place[name] for name in labels.service if name in place), "") or None,
        thing=str(thing) or None,
    )
    name = shown.labels.get("alertname") or shown.name
    return AlertSubject(name, shown.labels.get(TEAM) or None, entity)


def names_service_alike(alert: Alert, labels: LabelRules) -> tuple[object, ...] | None:
    """Return what decides which service an alert names: alerts that are alike in it name the same one.

    It is None where only a look says so: an exporter may be meant by any label, and so may what is hidden.
    """
    if labels.redact or exporter_in(alert.labels) or "" in alert.labels.values():
        return None
    named = [alert.labels.get(name) for name in _service_labels(labels.service)]
    return (alert.labels.get("alertname") or alert.name, *named, tuple(alert.labels))


@lru_cache(maxsize=16)
def _service_labels(service: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(with_exported(service))


def partition_text(alert: Alert, labels: LabelRules, partition_by: Sequence[str]) -> str:
    """Return the alert's partition as the statistics write it; empty where the rules tell none apart."""
    if not partition_by:
        return ""
    return _partition(redact_alert(alert, labels), partition_by)


def _partition(shown: Alert, partition_by: Sequence[str]) -> str:
    return "/".join(partition_of(shown.labels, partition_by))


def things_of(entities: Iterable[SpellEntity]) -> Mapping[SpellEntity, set[str | None]]:
    """Return the things that they name, by what is left of them without the thing."""
    found: dict[SpellEntity, set[str | None]] = {}
    for entity in entities:
        found.setdefault(msgspec.structs.replace(entity, thing=None), set()).add(entity.thing)
    return found


def is_among(entity: SpellEntity, known: Mapping[SpellEntity, set[str | None]]) -> bool:
    """Return whether it is about the same as one of those: a thing tells two apart only where both name one."""
    things = known.get(msgspec.structs.replace(entity, thing=None), set())
    return bool(things) and (entity.thing is None or None in things or entity.thing in things)

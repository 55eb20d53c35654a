"""Events of Alertmanager's event recorder, as they come over the wire: protobuf messages as JSON."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Snapshot(msgspec.Struct):
    """An alert as an event shows it."""

    fingerprint: str | int = ""
    labels: object = None
    annotations: object = None
    startsAt: datetime | None = None  # noqa: N815 - the wire's name
    endsAt: datetime | None = None  # noqa: N815
    resolved: bool = False


class GroupedAlert(msgspec.Struct):
    details: Snapshot


class GroupInfo(msgspec.Struct, frozen=True):
    receiverName: str = ""  # noqa: N815


class Resolved(msgspec.Struct):
    alert: GroupedAlert
    groupInfo: GroupInfo = GroupInfo()  # noqa: N815


class Silence(msgspec.Struct, frozen=True):
    id: str = ""
    createdBy: str = ""  # noqa: N815
    comment: str = ""


class Silenced(msgspec.Struct):
    mutedAlert: Snapshot  # noqa: N815
    silence: Silence = Silence()


class InhibitRule(msgspec.Struct):
    name: str = ""


class Inhibited(msgspec.Struct):
    mutedAlert: Snapshot  # noqa: N815
    inhibitRules: list[InhibitRule] = []  # noqa: N815
    inhibitingFingerprints: list[str | int] = []  # noqa: N815


class EventData(msgspec.Struct):
    """The part of an event that says what happened: at most one of these; other kinds of events have none."""

    alertResolved: Resolved | None = None  # noqa: N815
    silenceMutedAlert: Silenced | None = None  # noqa: N815
    inhibitionMutedAlert: Inhibited | None = None  # noqa: N815


class Event(msgspec.Struct):
    data: EventData

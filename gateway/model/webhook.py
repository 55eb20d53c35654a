"""Alertmanager's webhook body, version 4, as it comes over the wire.

Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config and notify/webhook in its
repository. Unknown keys are passed over, since new releases add some. docs/webhooks.md lists the defaults of
missing fields.
"""

from __future__ import annotations

from datetime import datetime

import msgspec


class WireAlert(msgspec.Struct, gc=False):
    """One alert as Alertmanager itself sends it. An alert that does not fit is read as a `LooseAlert`."""

    labels: dict[str, str]
    annotations: dict[str, str] = {}
    status: str = ""
    startsAt: datetime | None = None  # noqa: N815 - the wire's name
    endsAt: datetime | None = None  # noqa: N815
    generatorURL: str = ""  # noqa: N815
    fingerprint: str = ""


class WireBody(msgspec.Struct, gc=False):
    """A body whose alerts are all as they should be, so that one decode reads everything."""

    alerts: list[WireAlert]
    status: str = ""
    receiver: str = ""
    groupKey: str = ""  # noqa: N815
    truncatedAlerts: int = 0  # noqa: N815


class LooseAlert(msgspec.Struct, gc=False):
    """One alert with something odd in it; each field is checked by itself."""

    labels: object = None
    annotations: object = None
    status: object = ""
    startsAt: object = None  # noqa: N815
    endsAt: object = None  # noqa: N815
    generatorURL: object = ""  # noqa: N815
    fingerprint: object = ""


class LooseBody(msgspec.Struct, gc=False):
    """A body with something odd in it. Its own fields count only where they are texts."""

    alerts: list[msgspec.Raw]
    status: object = ""
    receiver: object = ""
    groupKey: object = ""  # noqa: N815
    truncatedAlerts: object = 0  # noqa: N815

"""Alertmanager's webhook body, version 4, as it comes over the wire.

Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config and notify/webhook in its repository. Unknown
keys are passed over, since releases add some; which missing field gets which default stands in docs/webhooks.md.
"""

from __future__ import annotations

from datetime import datetime

import msgspec


class WireAlert(msgspec.Struct, gc=False):
    """One alert as Alertmanager itself would send it; anything else goes through `LooseAlert`."""

    labels: dict[str, str]
    annotations: dict[str, str] = {}
    status: str = ""
    startsAt: datetime | None = None  # noqa: N815 - the wire's name
    endsAt: datetime | None = None  # noqa: N815
    generatorURL: str = ""  # noqa: N815
    fingerprint: str = ""


class WireBody(msgspec.Struct, gc=False):
    """A body of which every alert is as it should be: one decode for all."""

    alerts: list[WireAlert]
    status: str = ""
    receiver: str = ""
    groupKey: str = ""  # noqa: N815
    truncatedAlerts: int = 0  # noqa: N815


class LooseAlert(msgspec.Struct, gc=False):
    """One alert with something odd in it: each field is looked at by itself."""

    labels: object = None
    annotations: object = None
    status: object = ""
    startsAt: object = None  # noqa: N815
    endsAt: object = None  # noqa: N815
    generatorURL: object = ""  # noqa: N815
    fingerprint: object = ""


class LooseBody(msgspec.Struct, gc=False):
    """A body in which something is odd: what it says of itself counts only where it is a text."""

    alerts: list[msgspec.Raw]
    status: object = ""
    receiver: object = ""
    groupKey: object = ""  # noqa: N815
    truncatedAlerts: object = 0  # noqa: N815

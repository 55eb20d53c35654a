"""Alertmanager's webhook body, version 4, as it comes over the wire.

Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config and notify/webhook in its
repository. Unknown keys are passed over, since new releases add some. docs/webhooks.md lists the defaults of
missing fields.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

# The annotation of Grafana's that says why an alert has its state, where that is not what its query says.
STATE_REASON = "grafana_state_reason"

# The values of `notification_reason` with which Alertmanager says that it has sent every firing alert of the
# webhook before: it compares them with its log of what was taken (notify/dedup_stage.go in its repository).
# The others are "first notification", "new alerts added", "none" and "unknown".
SENT_BEFORE = frozenset({"repeat interval elapsed", "some alerts resolved", "all alerts resolved"})


class WireAlert(msgspec.Struct, gc=False):
    """One alert as Alertmanager itself sends it; one that does not fit is read by `odd_alert.py`."""

    labels: dict[str, str]
    annotations: dict[str, str] = {}
    status: str = ""
    startsAt: datetime | None = None  # noqa: N815 - the wire's name
    endsAt: datetime | None = None  # noqa: N815
    generatorURL: str = ""  # noqa: N815
    fingerprint: str = ""
    # Grafana's own; null where a rule has none
    dashboardURL: str | None = None  # noqa: N815
    panelURL: str | None = None  # noqa: N815
    silenceURL: str | None = None  # noqa: N815
    imageURL: str | None = None  # noqa: N815
    valueString: str | None = None  # noqa: N815
    values: object = None


class WireBody(msgspec.Struct, gc=False):
    """A body as Alertmanager itself sends it. Each alert stands as it was written: most of them are known by
    that.
    """

    alerts: list[msgspec.Raw]
    status: str = ""
    receiver: str = ""
    groupKey: str = ""  # noqa: N815
    truncatedAlerts: int = 0  # noqa: N815
    notification_reason: str = ""  # since 0.32


class Number(str):
    """A number, or one of NaN and the infinities, as it was written: `1.0` stays `1.0`."""

    __slots__ = ()

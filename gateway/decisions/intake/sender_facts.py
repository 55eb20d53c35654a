"""Facts that senders beside Alertmanager put next to an alert's annotations, brought into the annotations.

Grafana's webhook has fields of its own for links and values
(https://grafana.com/docs/grafana/latest/alerting/configure-notifications/). Where Grafana sends to an
Alertmanager instead, it puts the same into annotations that begin with two underscores, and that Alertmanager
hands on.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gateway.decisions.intake.odd_alert import as_sent
from gateway.model.texts import readable
from gateway.model.webhook import STATE_REASON, WireAlert

MAX_END_REASON = 200  # characters; Grafana's own are a word or two
LINKS = ("dashboardURL", "panelURL", "silenceURL", "imageURL")
_PRIVATE = frozenset({"__values__", "__value_string__", "__dashboardUid__"})
_UNDER = "/alerting/"  # in the address of a rule, what stands before it is the address of its Grafana


def annotations_of(alert: WireAlert) -> dict[str, str]:
    """Return the annotations with the facts beside them; what the sender annotated itself stays."""
    private = not _PRIVATE.isdisjoint(alert.annotations)
    # Alertmanager's own alerts have neither, and they are nearly all.
    if not private and not (
        alert.values
        or alert.valueString
        or alert.dashboardURL
        or alert.panelURL
        or alert.silenceURL
        or alert.imageURL
    ):
        return alert.annotations
    facts = (_private_annotations(alert) if private else {}) | _own_fields(alert)
    return {**facts, **alert.annotations} if facts else alert.annotations


def end_reason_of(alert: WireAlert) -> str:
    """Return why an alert has ended, where that is no recovery; empty where it recovered."""
    return alert.annotations.get(STATE_REASON, "").strip()[:MAX_END_REASON]


def _own_fields(alert: WireAlert) -> dict[str, str]:
    found = {name: text for name in LINKS if (text := getattr(alert, name))}
    if values := _values(alert.values):
        return found | {"values": values}
    # Older releases have the values in one text alone.
    return found | ({"valueString": alert.valueString} if alert.valueString else {})


def _private_annotations(alert: WireAlert) -> dict[str, str]:
    said, found = alert.annotations, dict[str, str]()
    try:
        values = _values(msgspec.json.decode(said.get("__values__", "{}")))
    except (msgspec.DecodeError, RecursionError):
        # It is only beside what the alert says: whoever is to be told is told without it.
        values = ""
    if values:
        found["values"] = values
    elif text := said.get("__value_string__", ""):
        found["valueString"] = text
    grafana = alert.generatorURL.partition(_UNDER)[0] if _UNDER in alert.generatorURL else ""
    if grafana and (dashboard := said.get("__dashboardUid__", "")):
        organisation = f"orgId={said.get('__orgId__', '1')}"
        found["dashboardURL"] = f"{grafana}/d/{dashboard}?{organisation}"
        if panel := said.get("__panelId__", ""):
            found["panelURL"] = f"{found['dashboardURL']}&viewPanel={panel}"
    return found


def _values(sent: object) -> str:
    """Return the values of a rule's queries as people read them: `A=2473545728, C=1`."""
    if not isinstance(sent, Mapping):
        return ""
    return ", ".join(f"{readable(str(name))}={readable(as_sent(value))}" for name, value in sent.items())

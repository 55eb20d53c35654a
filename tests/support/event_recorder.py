"""Events as Alertmanager's event recorder writes them."""

from __future__ import annotations

from gateway.model.fingerprint import fingerprint

LABELS = {"alertname": "Down", "service": "pay", "empty": ""}
HEX = fingerprint({"alertname": "Down", "service": "pay"})
DECIMAL = str(int(HEX, 16))
PATH = "/webhooks/alertmanager/events"


def pairs(labels: dict[str, str]) -> object:
    """A label set as 0.33 and 0.34 write it: protobuf leaves empty values out."""
    return {
        "labels": [{"key": name, **({"value": value} if value else {})} for name, value in labels.items()]
    }


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
    return event(
        alertResolved={"alert": grouped, "groupInfo": {"groupKey": "{}:{}", "receiverName": receiver}}
    )


def muted(labels: object = None) -> dict[str, object]:
    return {"fingerprint": DECIMAL, "labels": labels or pairs(LABELS)}


def silenced(labels: object = None) -> dict[str, object]:
    silence = {"id": "5f2c", "createdBy": "ann", "comment": "we know", "matchers": []}
    return event(silenceMutedAlert={"silence": silence, "mutedAlert": muted(labels)})


def inhibited() -> dict[str, object]:
    rules = [{"name": "node-down"}, {"equalLabels": ["node"]}]
    return event(
        inhibitionMutedAlert={
            "inhibitRules": rules,
            "mutedAlert": muted(),
            "inhibitingFingerprints": ["255", "16"],
        }
    )

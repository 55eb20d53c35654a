"""Read an alert that is not as Alertmanager would send it: what is plain is taken, each field by itself."""

from __future__ import annotations

import json

from gateway.decisions.intake.sent_values import Malformed, is_text, kind_of, read_time
from gateway.model.texts import readable
from gateway.model.webhook import Number, WireAlert

MAX_DEPTH = 20  # levels of an annotation that is no text; what lies deeper is an ellipsis


def as_wire(sent: object) -> WireAlert | Malformed:
    """Return the alert as the strict reader would, or say what nobody could read in it.

    Labels keep halves of surrogate pairs, since these tell alerts apart; all other texts are readable.
    """
    if not isinstance(sent, dict):
        return Malformed("", f"an object is needed, not {kind_of(sent)}")
    labels = labels_of(sent.get("labels"))
    if isinstance(labels, Malformed):
        return labels
    status = sent.get("status")
    if status is not None and not is_text(status):
        return Malformed("status", f"a text is needed, not {kind_of(status)}")
    annotations = sent.get("annotations")
    return WireAlert(
        labels=labels,
        annotations=_texts(annotations) if isinstance(annotations, dict) else {},
        status=readable(status or ""),
        startsAt=read_time(sent.get("startsAt")),
        endsAt=read_time(sent.get("endsAt")),
        generatorURL=_text(sent.get("generatorURL")),
        fingerprint=_text(sent.get("fingerprint")),
        dashboardURL=_text(sent.get("dashboardURL")),
        panelURL=_text(sent.get("panelURL")),
        silenceURL=_text(sent.get("silenceURL")),
        imageURL=_text(sent.get("imageURL")),
        valueString=_text(sent.get("valueString")),
        values=sent.get("values"),
    )


def labels_of(sent: object) -> dict[str, str] | Malformed:
    """Return labels as texts: a number and a truth value as they were written, null as nothing."""
    if sent is None:
        return {}
    if not isinstance(sent, dict):
        return Malformed("labels", "not an object of texts")
    labels: dict[str, str] = {}
    for name, value in sent.items():
        # A list or an object may mean several values: nobody knows which of them the alert has.
        if isinstance(value, list | dict):
            return Malformed(f"labels.{readable(name[:80])}", f"a text is needed, not {kind_of(value)}")
        labels[name] = "" if value is None else as_sent(value)
    return labels


def as_sent(value: object, depth: int = 0) -> str:
    """Return a value as it was written; a text stands without quotes where it is the whole value."""
    match value:
        case str() if depth == 0 or isinstance(value, Number):
            return str(value)
        case bool() | None | str():
            return json.dumps(value, ensure_ascii=False)
        case _ if depth == MAX_DEPTH:
            return "…"
        case dict():
            pairs = (
                f"{as_sent(name, depth + 1)}:{as_sent(inner, depth + 1)}" for name, inner in value.items()
            )
            return "{" + ",".join(pairs) + "}"
        case list():
            return "[" + ",".join(as_sent(inner, depth + 1) for inner in value) + "]"
        case _:
            return str(value)


def _texts(annotations: dict[str, object]) -> dict[str, str]:
    return {
        readable(name): readable(as_sent(value)) for name, value in annotations.items() if value is not None
    }


def _text(value: object) -> str:
    return readable(value) if is_text(value) else ""

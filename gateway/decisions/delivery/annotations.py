"""Find what an alert says of itself: its summary and its description, and the annotations beside them.

Rules of Prometheus' mixins have a fixed sentence as `summary` and the facts of the case in `description`, so
people need both: https://github.com/monitoring-mixins/docs#guidelines-for-alert-names-labels-and-annotations
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.model.rules.rulebook import LabelRules

SUMMARIES = ("summary", "message")
SAID_BY_NAME = (*SUMMARIES, "description")
VALUES = ("values", "valueString")
SENDER_LINKS = ("dashboardURL", "panelURL", "silenceURL", "imageURL")  # Grafana's
_TITLES = ("title", "subject")  # of those who name their annotations otherwise

Annotations = Mapping[str, str]


def said_of(annotations: Annotations, rules: LabelRules) -> tuple[str, str]:
    """Return the summary and the description, each empty where there is none.

    Where an alert has neither, whatever other texts it has take their place.
    """
    summary = next((annotations[name] for name in SUMMARIES if annotations.get(name)), "")
    description = annotations.get("description", "") or _values_of(annotations)
    if summary or description:
        return summary or description, description if summary and summary != description else ""
    others = other_annotations(annotations, rules)
    title = next((others.pop(name) for name in _TITLES if name in others), "")
    rest = "; ".join(f"{name}: {text}" for name, text in others.items())
    return title or rest, rest if title else ""


def _values_of(annotations: Annotations) -> str:
    """Return the values at which a rule of Grafana fired: its alerts need not describe themselves."""
    return next((annotations[name] for name in VALUES if annotations.get(name)), "")


def other_annotations(annotations: Annotations, rules: LabelRules) -> dict[str, str]:
    """Return the annotations that are neither the summary, the description nor a link."""
    shown = {*SAID_BY_NAME, *VALUES, *SENDER_LINKS, *rules.links.values()}
    # A name that begins with two underscores is meant for programs, in annotations as in labels.
    return {
        name: text
        for name, text in annotations.items()
        if text and name not in shown and not name.startswith("__")
    }


def sentences_of(summary: str, description: str) -> tuple[str, ...]:
    """Return what people should read of one alert: no sentence that stands in the other one too."""
    if summary and description and summary.strip(" .") in description:
        return (description,)
    return tuple(sentence for sentence in (summary, description) if sentence)

"""Propose the matchers of a silence for an incident: what its firing alerts have in common."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from gateway.model.alert import Alert
from gateway.model.matchers import Matcher

ALERTNAME = "alertname"
MAX_NAMES = 10  # alert names in one matcher; more of them are found by what else they share
MAX_LABELS = 12


def matchers_for(alerts: Sequence[Alert], without: Collection[str] = ()) -> tuple[str, ...]:
    """Return matchers that all these alerts satisfy, and few others; none where they share nothing.

    A name in common stands first; several names become one pattern. The labels `without` stand in none: where
    the matchers are shown nobody may read their values.
    """
    if not alerts:
        return ()
    shared = set.intersection(*(set(alert.labels.items()) for alert in alerts))
    names = sorted({alert.labels.get(ALERTNAME, "") for alert in alerts})
    others = [(name, value) for name, value in sorted(shared) if name not in {ALERTNAME, *without}]
    matchers = [Matcher(name, "=", value) for name, value in others if value]
    first = _of_names(names) if ALERTNAME not in without else []
    return tuple(map(str, [*first, *matchers[:MAX_LABELS]]))


def _of_names(names: Sequence[str]) -> list[Matcher]:
    if "" in names or len(names) > MAX_NAMES:
        return []
    if len(names) == 1:
        return [Matcher(ALERTNAME, "=", names[0])]
    return [Matcher(ALERTNAME, "=~", "|".join(map(re.escape, names)))]

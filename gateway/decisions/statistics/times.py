"""Times of incidents: how long until somebody took them (MTTA), and until they ended (MTTR)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from gateway.decisions.statistics.survival import (
    CLOSE,
    Incidences,
    Observed,
    aalen_johansen,
    kaplan_meier,
)
from gateway.model.statistics.facts import IncidentFact
from gateway.model.statistics.rows import Because, Incidence, Interval, Mtta, Mttr

HORIZON = 86_400_000  # ms, of the mean
GOAL = 900_000  # ms
INCIDENCE_SECONDS = (60, 300, 900, 3600)
_MTTR_FIELDS = ("median_seconds", "p90_seconds", "at_least_seconds", "mean_seconds", "within_goal")
_MTTA_FIELDS = ("median_seconds", "at_least_seconds", "incidence")
_NO_INCIDENCE = tuple(Incidence(seconds) for seconds in INCIDENCE_SECONDS)
MTTR_COMPACTED = Mttr(
    because=dict.fromkeys(("n", "ended", "open", "inferred", "by_hand", *_MTTR_FIELDS), "compacted")
)
MTTA_COMPACTED = Mtta(
    incidence=_NO_INCIDENCE,
    because=dict.fromkeys(("n", "acknowledged", "ended_before", "open", *_MTTA_FIELDS), "compacted"),
)


class Arrival(NamedTuple):
    """An incident, and when the first page came that counts for the row (ms)."""

    paged_at: int
    incident: IncidentFact


def mttr(arrivals: Sequence[Arrival], as_of: int) -> Mttr:
    """Return the times from first firing to last end; an end that nobody saw is none."""
    if not arrivals:
        return Mttr(0, 0, 0, 0, 0, because=dict.fromkeys(_MTTR_FIELDS, "no_incidents"))
    facts = [arrival.incident for arrival in arrivals]
    how = Counter(fact.how for fact in facts)
    curve = kaplan_meier(
        Observed(max(0, _until(fact, as_of) - fact.started_at), fact.how == "observed") for fact in facts
    )
    because: Because = {}
    median, p90, mean = curve.quantile(0.5), curve.quantile(0.9), curve.mean(HORIZON)
    if median is None:
        because["median_seconds"] = "not_reached"
    if p90 is None:
        because["p90_seconds"] = "not_reached"
    if mean is None:
        because["mean_seconds"] = "not_followed"
    within = curve.ended_within(GOAL)
    if within is None:
        because["within_goal"] = "not_followed"
    return Mttr(
        n=len(facts),
        ended=how["observed"],
        open=how["open"] + how["not_recovered"],
        inferred=how["inferred"],
        by_hand=how["by_hand"],
        median_seconds=_seconds(median),
        p90_seconds=_seconds(p90),
        at_least_seconds=_seconds(curve.longest if p90 is None else None),
        mean_seconds=_seconds(mean),
        within_goal=Interval() if within is None else Interval(within[0], *within[1]),
        because=because,
    )


def mtta(arrivals: Sequence[Arrival], as_of: int) -> Mtta:
    """Return the times from the page to the first person who took it; an end before that competes with it."""
    if not arrivals:
        return Mtta(0, 0, 0, 0, incidence=_NO_INCIDENCE, because=dict.fromkeys(_MTTA_FIELDS, "no_incidents"))
    acknowledged: list[int] = []
    ended: list[int] = []
    still_open: list[int] = []
    for paged_at, incident in arrivals:
        left = max(0, _until(incident, as_of) - paged_at)
        taken_at = incident.acknowledged_at
        taken = None if taken_at is None else max(0, taken_at - paged_at)
        if taken is not None and taken <= left:
            acknowledged.append(taken)
        else:
            (ended if incident.how == "observed" else still_open).append(left)
    steps = aalen_johansen(acknowledged, ended, still_open)
    median = next((step.time for step in steps if step.acknowledged >= 0.5 - CLOSE), None)
    half_ended = steps[-1].ended_before >= 0.5 - CLOSE
    because: Because = {}
    if median is None:
        because["median_seconds"] = "not_reached"
        if half_ended:
            because["at_least_seconds"] = "half_ended_before"
    incidence = tuple(_incidence(steps, seconds, decided=not still_open) for seconds in INCIDENCE_SECONDS)
    if any(one.acknowledged is None for one in incidence):
        because["incidence"] = "not_followed"
    return Mtta(
        n=len(arrivals),
        acknowledged=len(acknowledged),
        ended_before=len(ended),
        open=len(still_open),
        median_seconds=_seconds(median),
        at_least_seconds=_seconds(steps[-1].time if median is None and not half_ended else None),
        incidence=incidence,
        because=because,
    )


def _incidence(steps: Sequence[Incidences], seconds: int, *, decided: bool) -> Incidence:
    """Return both shares at a time; nobody knows them beyond what was observed, unless all are decided."""
    if seconds * 1000 > steps[-1].time and not decided:
        return Incidence(seconds)
    reached = [step for step in steps if step.time <= seconds * 1000]
    last = reached[-1] if reached else Incidences(0, 0.0, 0.0)
    return Incidence(seconds, last.acknowledged, last.ended_before)


def _until(incident: IncidentFact, as_of: int) -> int:
    return as_of if incident.until is None else incident.until


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000

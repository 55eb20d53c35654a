"""Count the alerts that each rule of the files decided on, in the commit that the decision is written with.

A rule that never counts is one that nobody needs, or one that is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from gateway.model.changes import Changes
from gateway.model.hidden import Hidden
from gateway.model.rules.kinds import DEFAULT_CORRELATE
from gateway.model.rules.rulebook import Rulebook
from gateway.model.verdict import Reason

ROUTE, CORRELATE, MAINTENANCE, INHIBIT = "route", "correlate", "maintenance", "inhibit"
# What a person orders is no rule of the files, and names the person.
HIDING: Mapping[str, str] = {Reason.MAINTENANCE: MAINTENANCE, Reason.INHIBITED: INHIBIT}


def matches_counter(kind: str, rule: str) -> str:
    """Return the name of the store's counter."""
    return f"matches:{kind}:{rule}"


def counted_rules(rules: Rulebook) -> Iterator[tuple[str, str]]:
    """Yield the kind and the name of each rule whose matches are counted."""
    for kind, named in (
        (ROUTE, rules.routes),
        (CORRELATE, (*rules.correlate, DEFAULT_CORRELATE)),
        (MAINTENANCE, rules.maintenance),
        (INHIBIT, rules.inhibit),
    ):
        for rule in named:
            yield kind, rule.name


def increment_matches(changes: Changes, kind: str, rule: str, by: int = 1) -> None:
    changes.increment(matches_counter(kind, rule), by)


def increment_correlated(changes: Changes, described: str) -> None:
    """Count an incident by the correlation rule that opened it; an own alert's incident has none."""
    if described:
        increment_matches(changes, CORRELATE, name_of(described))


def increment_hidden(changes: Changes, before: Iterable[Hidden], after: Iterable[Hidden]) -> None:
    """Count the alerts that a rule keeps from a target from now on."""
    known = {(hidden.rule, episode) for hidden in before for episode in hidden.episodes}
    for hidden in after:
        kind = HIDING.get(hidden.reason)
        if kind is not None:
            new = sum((hidden.rule, episode) not in known for episode in hidden.episodes)
            increment_matches(changes, kind, name_of(hidden.rule), new)


def name_of(described: str) -> str:
    """Return the name of a rule that is described as `name (file:line, owner): reason`."""
    return described.partition(" (")[0]

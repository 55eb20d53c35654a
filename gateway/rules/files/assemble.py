"""Assemble a rule set from the raw sections: resolve names, build the tree of routes, check the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gateway.model.instants import instant
from gateway.model.rules.destination import Destination
from gateway.model.rules.kinds import Watchdog
from gateway.model.rules.route import ALWAYS, Route
from gateway.model.rules.rulebook import DEFAULT_CLOSED_BY_HAND, LabelRules, Rulebook
from gateway.model.statistics.settings import PrecisionSettings
from gateway.model.time_intervals import TimeInterval, first_after
from gateway.outbound.registry import DESTINATION_KINDS
from gateway.rules.files.checks import Checks
from gateway.rules.files.destination_checks import checked_destinations, warn_of_unused
from gateway.rules.files.findings import Finding, nearest
from gateway.rules.files.raw import RawRules
from gateway.rules.files.sources import source_errors, source_warnings
from gateway.rules.files.tree import RouteTree
from gateway.rules.files.watchdogs import source_name_of, watchdog_findings


def assemble(raw: RawRules, revision: str, findings: list[Finding], now: int) -> Rulebook:
    """Return the rule set, and add what is wrong to `findings`.

    The rule set means something only if no finding is an error. Intervals and maintenance that are over at
    `now` (ms) get a warning.
    """
    assembly = _Assembly(raw, findings)
    destinations = checked_destinations(assembly, raw.destinations)
    routes, roots = RouteTree(assembly, raw.routes).build(destinations)
    assembly.correlate()
    intervals = assembly.intervals()
    assembly.never_come(now)
    assembly.maintenance(now)
    assembly.inhibit()
    assembly.partitions()
    assembly.sources()
    watchdogs = assembly.watchdogs(destinations)
    audit = assembly.audit(destinations)
    precision = assembly.precision(destinations)
    assembly.teams(routes)
    warn_of_unused(assembly, raw.destinations)
    return Rulebook(
        revision=revision,
        labels=raw.labels or LabelRules(),
        destinations=destinations,
        routes=routes,
        roots=roots,
        correlate=tuple(rule.value for rule in raw.correlate),
        intervals=intervals,
        maintenance=tuple(rule.value for rule in raw.maintenance),
        inhibit=tuple(rule.value for rule in raw.inhibit),
        watchdogs=watchdogs,
        silences=raw.silences,
        act=raw.act,
        precision=precision,
        audit=audit,
        partition_by=tuple(dict.fromkeys(rule.name for rule in raw.partition_by)),
        listed_sources={rule.value.name: rule.value for rule in raw.sources},
        closed_by_hand=DEFAULT_CLOSED_BY_HAND if raw.closed_by_hand is None else raw.closed_by_hand,
    )


TEAM = "team"  # the label by which a page without an owner is a team's


class _Assembly(Checks):
    def partitions(self) -> None:
        """Refuse partition labels that are ignored or renamed.

        The label must be in every alert just as Alertmanager sends it: the partition decides in which shard
        an alert, and later its end, is stored.
        """
        labels = self._raw.labels or LabelRules()
        for reference in self._raw.partition_by:
            if reference.name in labels.ignore:
                self.error(
                    reference.place,
                    f"label `{reference.name}` is ignored (labels.ignore): it cannot keep partitions apart",
                )
            if reference.name in labels.rename or reference.name in labels.rename.values():
                self.error(
                    reference.place,
                    f"label `{reference.name}` is renamed (labels.rename): it cannot keep partitions apart",
                )

    def correlate(self) -> None:
        listed = self._raw.correlate
        self.unique(((rule.value.name, rule.place) for rule in listed), "correlate rule")
        self.unreachable(
            [(rule.value.name, rule.place, rule.value.match, rule.value.hours != ALWAYS) for rule in listed],
            "correlate rule",
        )

    def intervals(self) -> dict[str, tuple[TimeInterval, ...]]:
        listed = self._raw.intervals
        self.unique(((interval.name, interval.place) for interval in listed), "time interval")
        found = {interval.name: interval.value for interval in listed}
        for reference in self._raw.intervals_named:
            # An interval that is misspelt never holds: its rule would quietly never be in force, or always.
            if reference.name not in found:
                self.unknown(reference, "time interval", found)
        named = {reference.name for reference in self._raw.intervals_named}
        for interval in listed:
            if interval.name not in named:
                self.suspect(interval.place, f"time interval `{interval.name}` is named by no rule")
        return found

    def maintenance(self, now: int) -> None:
        listed = self._raw.maintenance
        self.unique(((maintenance.value.name, maintenance.place) for maintenance in listed), "maintenance")
        for maintenance in listed:
            if maintenance.value.end is not None and maintenance.value.end <= now:
                self.warn(
                    maintenance.place,
                    f"maintenance `{maintenance.value.name}` is over: it can be taken out",
                )

    def inhibit(self) -> None:
        self.unique(((rule.value.name, rule.place) for rule in self._raw.inhibit), "inhibit rule")

    def sources(self) -> None:
        listed = self._raw.sources
        self.unique(((source.value.name, source.place) for source in listed), "source")
        for place, message in source_errors(listed):
            self.error(place, message)
        for place, message in source_warnings(listed):
            self.warn(place, message)

    def watchdogs(self, destinations: Mapping[str, Destination]) -> dict[str, Watchdog]:
        listed, sources = self._raw.watchdogs, {source.value.name: source for source in self._raw.sources}
        self.unique(((watchdog.value.name, watchdog.place) for watchdog in listed), "watchdog")
        for watchdog in listed:
            # `notify` is the quiet way of telling; whoever wants to be called has to say so under `page`.
            self.interrupts_nobody(*watchdog.notify)
            self.wakes_somebody(*watchdog.page)
            self._findings.extend(watchdog_findings(watchdog, sources))
        found = {
            watchdog.value.name: replace(watchdog.value, source=source_name_of(watchdog, sources))
            for watchdog in reversed(listed)
        }
        told = {
            watchdog.value.name: [
                self.names(names, destinations) for names in (watchdog.notify, watchdog.page)
            ]
            for watchdog in listed
        }
        return {name: replace(found[name], notify=notify, page=page) for name, (notify, page) in told.items()}

    def audit(self, destinations: Mapping[str, Destination]) -> tuple[str, ...]:
        """Return the destinations of the audit trail. Only some kinds take it, since it is not for people."""
        for reference in self._raw.audit:
            if reference.name in destinations and not destinations[reference.name].via.takes_audit:
                kinds = " or ".join(
                    f"{{{name}: …}}"
                    for name, kind in DESTINATION_KINDS.items()
                    if kind.integration.takes_audit
                )
                self.error(
                    reference.place, f"`{reference.name}` takes no audit trail: name a {kinds} destination"
                )
        return self.names(self._raw.audit, destinations)

    def precision(self, destinations: Mapping[str, Destination]) -> PrecisionSettings:
        settings = self._raw.precision
        if settings.digest is None:
            return settings
        for references in self._raw.digest_to.values():
            # A weekly report is nothing to be woken for.
            self.interrupts_nobody(*references)
            self.shows_digest(*references)
        to = {team: self.names(listed, destinations) for team, listed in self._raw.digest_to.items()}
        return replace(settings, digest=replace(settings.digest, to=to))

    def teams(self, routes: Sequence[Route]) -> None:
        """Warn of digests for teams that the routes do not know, which may be misspelt."""
        owners = {route.owner for route in routes if route.owner}
        named = [matcher for route in routes for matcher in route.match if matcher.name == TEAM]
        for team, references in self._raw.digest_to.items():
            by_label = any(matcher.accepts(team) and not matcher.negated for matcher in named)
            if team in owners or by_label or not references:
                continue
            self.suspect(
                references[0].place,
                f"no route has the owner `{team}`, and none matches the label `{TEAM}` with it{nearest(team, owners)}:"
                " its digest has only pages of routes without an owner whose alerts have this label",
            )

    def never_come(self, now: int) -> None:
        moment = instant(now)
        # A typo such as 31 February leaves a rule out of force for ever, which nobody notices before it is
        # needed.
        for named in self._raw.intervals:
            if named.value and all(first_after(interval, moment) is None for interval in named.value):
                self.warn(named.place, f"time interval `{named.name}` never comes (again)")

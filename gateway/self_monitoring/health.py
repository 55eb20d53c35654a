"""Say in sentences everything that a person should worry about; probes never ask here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.config.secrets import EnvironmentSecrets
from gateway.decisions.accounting.turned_away import sentence
from gateway.model.counted import counted
from gateway.model.durations import SECOND, spoken
from gateway.model.instants import clock
from gateway.model.turned_away import TurnedAway, wording_of
from gateway.model.watchdog import WatchdogStatus
from gateway.rules.reloader import RulesReloader
from gateway.self_monitoring.auditor import Auditor
from gateway.self_monitoring.heartbeat import Heartbeat
from gateway.self_monitoring.turned_away import TurnedAwayBook

OVERDUE = 10 * SECOND
SHARED = "GATEWAY_WEBHOOK_TOKEN"  # token variable of the source that names no token
_ORDERED = {"GatewayPaused": "paging is paused", "GatewayBypassed": "suppression is bypassed"}


@dataclass(frozen=True, slots=True)
class Health:
    """The content of `/health`. `clocks_ahead` returns by how much which source's clock is ahead (ms)."""

    reloader: RulesReloader
    auditor: Auditor
    secrets: EnvironmentSecrets
    version: str
    turned_away: TurnedAwayBook
    clocks_ahead: Callable[[], Mapping[str, int]]
    heartbeat: Heartbeat | None = None

    def refused(self) -> dict[str, str]:
        """Return the sources whose token is not set, so that nobody is let in as them, with the secret."""
        listed = self.reloader.in_force.rules.listed_sources
        named = {name: source.token.env for name, source in listed.items() if source.token is not None}
        named |= {name: SHARED for name in listed if named and name not in named}
        return {name: secret for name, secret in named.items() if self.secrets.secret(secret) is None}

    def alike(self) -> list[str]:
        """Return the sources that share a token: whatever comes with it is taken for the first one's."""
        owners: dict[str, list[str]] = {}
        for name, source in self.reloader.in_force.rules.sources.items():
            secret = self.secrets.secret(source.token.env if source.token else SHARED) or ""
            for token in filter(None, map(str.strip, secret.split(","))):
                owners.setdefault(token, []).append(name)
        return [" and ".join(names) for names in owners.values() if len(names) > 1]

    def unset(self) -> dict[str, str]:
        """Return the destinations without a credential, with the secret's name."""
        missing = self.auditor.credentials.found()
        return missing.log_only | missing.failing

    def worries(self) -> list[str]:
        away = ["the store does not answer: webhooks are answered 503 and nobody is told"]
        return ([] if self.auditor.store_up else away) + self._set_wrong() + self._going_wrong()

    def _set_wrong(self) -> list[str]:
        """Return what somebody has to set or to correct, here or at a sender."""
        worries: list[str] = []
        missing = self.auditor.credentials.found()
        worries += [
            f"{name} has no credential: {self.secrets.why_missing(key)}: its deliveries go to the log"
            for name, key in missing.log_only.items()
        ]
        worries += [
            f"{name} has no credential: {self.secrets.why_missing(key)}: nothing can be delivered there"
            for name, key in missing.failing.items()
        ]
        worries += [
            f"source {name} has no token ({key}): its webhooks are refused"
            for name, key in self.refused().items()
        ]
        worries += [
            f"sources {names} have the same token: they cannot be told apart" for names in self.alike()
        ]
        worries += [f"rules: {error}" for error in self.reloader.errors]
        worries += [_ahead(name, by) for name, by in self.clocks_ahead().items()]
        return worries + [_turned_away(entry) for entry in self.turned_away.entries]

    def _going_wrong(self) -> list[str]:
        """Return what does not work now, or is switched off."""
        auditor = self.auditor
        worries = [
            f"the books do not balance: {name} {off:+d}" for name, off in auditor.imbalances.items() if off
        ]
        worries += [_silent(watchdog) for watchdog in auditor.heard if watchdog.missing_since]
        worries += [
            f"{_ORDERED[name]} by {switch.by} until {clock(switch.until)}"
            for name, switch in auditor.ordered.items()
        ]
        worries += self._undelivered()
        if self.heartbeat is not None and self.heartbeat.trouble:
            worries.append(f"our own heartbeat does not arrive: {self.heartbeat.trouble}")
        if auditor.overdue > OVERDUE:
            worries.append(f"something has been due for {auditor.overdue // SECOND} s")
        return worries

    def _undelivered(self) -> list[str]:
        """Say what could not be told, with the list of the API that shows each of it and why."""
        auditor, worries = self.auditor, list[str]()
        if auditor.unheard:
            worries.append(
                f"nobody could be told of alerts in {counted(auditor.unheard, 'incident')}:"
                " /api/v1/incidents says of which, and why"
            )
        if auditor.undeliverable:
            worries.append(
                f"{counted(auditor.undeliverable, 'alert')} could not be told at a destination:"
                " /api/v1/verdicts?standing=undeliverable says why"
            )
        if auditor.ends_undeliverable:
            worries.append(
                f"{counted(auditor.ends_undeliverable, 'end')} could not be told:"
                " /api/v1/dead-letters says why"
            )
        return [*worries, *(f"deliveries to {name} fail" for name in auditor.failing)]

    def shown(self) -> Mapping[str, object]:
        worries = self.worries()
        strange = self.reloader.in_force.unknown_severities
        return {
            "status": "degraded" if worries else "ok",
            "worries": worries,
            "rules": self.reloader.in_force.rules.revision,
            "residues": self.auditor.imbalances,
            "unknown_severities": dict(sorted(strange.items())[:50]),
            "version": self.version,
        }


def _turned_away(entry: TurnedAway) -> str:
    """Say it without a word of the sender's: everybody may read this."""
    times = f"{entry.times} since {clock(entry.since)}, the last at {clock(entry.last_at)}"
    return f"{sentence(entry.source, entry.reason)}: {times}; {wording_of(entry.reason).remedy}"


def _ahead(source: str, by: int) -> str:
    remedy = "set both by NTP; until then its alerts are shown as begun when they arrived"
    return f"the clock of source {source} is ahead of the store's by {spoken(by)} or more: {remedy}"


def _silent(watchdog: WatchdogStatus) -> str:
    last = f"since {clock(watchdog.last)}" if watchdog.last else "yet"
    rule = watchdog.rule
    return f"no heartbeat of watchdog {rule.name} {last}: alerts from {rule.source} may not reach us"

"""Say in sentences everything that a person should worry about; probes never ask here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.config.secrets import EnvironmentSecrets
from gateway.config.tokens_file import TokensFile, four_eyes_problem
from gateway.decisions.accounting.turned_away import sentence
from gateway.model.counted import counted
from gateway.model.durations import SECOND, spoken
from gateway.model.instants import clock
from gateway.model.rules.origin import SOURCE
from gateway.model.turned_away import TurnedAway, wording_of
from gateway.model.watchdog import WatchdogStatus
from gateway.outbound.credentials import IN_LOG_ONLY, UNDELIVERED, heard_in_slack
from gateway.rules.reloader import RulesReloader
from gateway.self_monitoring.auditor import Auditor
from gateway.self_monitoring.destinations_check import DestinationsCheck
from gateway.self_monitoring.heartbeat import Heartbeat
from gateway.self_monitoring.machine_watch import MachineWatch
from gateway.self_monitoring.memory_watch import MemoryWatch
from gateway.self_monitoring.store_loss import StoreLossWatch
from gateway.self_monitoring.turned_away import TurnedAwayBook

OVERDUE = 10 * SECOND
PLACES_SHOWN = 5
SHARED = "GATEWAY_WEBHOOK_TOKEN"  # token variable of the source that names no token
_ORDERED = {
    "GatewayPaused": ("paging is paused", "gateway pause --end"),
    "GatewayBypassed": ("suppression is bypassed", "gateway bypass --end"),
}


@dataclass(frozen=True, slots=True)
class Worries:
    """The parts that find something to worry about. `clocks_ahead` returns by source how far it is ahead (ms)."""

    reloader: RulesReloader
    auditor: Auditor
    secrets: EnvironmentSecrets
    turned_away: TurnedAwayBook
    clocks_ahead: Callable[[], Mapping[str, int]]
    heartbeat: Heartbeat | None
    memory: MemoryWatch
    loss: StoreLossWatch
    tokens: TokensFile
    machine: MachineWatch
    destinations: DestinationsCheck

    def who_gets_in(self) -> list[str]:
        """Return what is wrong with the tokens of people, or missing where the rules count on them."""
        wants_two = self.reloader.in_force.rules.silences.four_eyes
        problem = (
            four_eyes_problem(self.tokens, heard_in_slack=heard_in_slack(self.secrets.configured))
            if wants_two
            else ""
        )
        return [*self.tokens.problems, *([problem] if problem else [])]

    def refused(self) -> dict[str, str]:
        """Return the sources whose token is not set, so that nobody is let in as them, with the secret."""
        listed = self.reloader.in_force.rules.listed_sources
        named = {name: source.token.env for name, source in listed.items() if source.token is not None}
        named |= {name: SHARED for name in listed if named and name not in named}
        return {
            name: secret
            for name, secret in named.items()
            if (self.secrets.own(SHARED) if secret == SHARED else self.secrets.secret(secret, SOURCE)) is None
        }

    def alike(self) -> list[str]:
        """Return the sources that share a token: whatever comes with it is taken for the first one's."""
        owners: dict[str, list[str]] = {}
        for name, source in self.reloader.in_force.rules.sources.items():
            token = source.token
            secret = self.secrets.secret(token.env, SOURCE) if token else self.secrets.own(SHARED)
            for token_shown in filter(None, map(str.strip, (secret or "").split(","))):
                owners.setdefault(token_shown, []).append(name)
        return [" and ".join(names) for names in owners.values() if len(names) > 1]

    def unset(self) -> dict[str, str]:
        """Return the destinations without a credential, with the secret's name."""
        missing = self.auditor.credentials.found()
        return missing.log_only | missing.failing

    def why_missing(self, destination: str, secret: str) -> str:
        """Say in a sentence why a destination of the rules in force has not that credential."""
        return self.secrets.why_missing(secret, self.reloader.in_force.rules.destinations[destination].kind)

    def _why_no_token(self, secret: str) -> str:
        return secret if secret == SHARED else self.secrets.refused(secret, SOURCE) or secret

    def sentences(self, store_up: bool) -> list[str]:
        """Return what to worry about, the worst first; `store_up` is whether the store answers.

        No value of a label and no person's name stands in it, nor what a file or a secret holds:
        everybody may read this.
        """
        away = ["the store does not answer: webhooks are answered 503 and nobody is told"]
        # What nobody was told of stands first: whoever reads no further has read the worst.
        worst = ([] if store_up else away) + self.loss.worries() + self._undelivered()
        turned_away = [_turned_away(entry) for entry in self.turned_away.entries]
        return worst + self._going_wrong() + self._set_wrong() + turned_away

    def _set_wrong(self) -> list[str]:
        """Return what somebody has to set or to correct."""
        worries: list[str] = []
        missing = self.auditor.credentials.found()
        worries += [
            f"{name} has no credential: {self.why_missing(name, key)}: {IN_LOG_ONLY}"
            for name, key in missing.log_only.items()
        ]
        worries += [
            f"{name} has no credential: {self.why_missing(name, key)}: {UNDELIVERED}"
            for name, key in missing.failing.items()
        ]
        worries += [
            f"source {name} has no token ({self._why_no_token(key)}): its webhooks are refused"
            for name, key in self.refused().items()
        ]
        worries += [
            f"sources {names} have the same token: they cannot be told apart" for names in self.alike()
        ]
        # Where the file is, and what of it is wrong, the log says: everybody may read this.
        worries += (
            ["people's tokens: their file has faults, the log says which"] if self.tokens.problems else []
        )
        worries += self._refused_rules()
        return worries + [_ahead(name, by) for name, by in self.clocks_ahead().items()]

    def _refused_rules(self) -> list[str]:
        """Say that the rules on disk are refused, and where; never what stands there:
        everybody may read this.
        """
        errors, places = self.reloader.errors, self.reloader.places
        if not errors:
            return []
        more = f" and {len(places) - PLACES_SHOWN} more" if len(places) > PLACES_SHOWN else ""
        where = f" at {', '.join(places[:PLACES_SHOWN])}{more}" if places else " about partition_by"
        remedy = "`gateway check` says what is wrong, the last good set stays in force"
        return [f"rules: {counted(len(errors), 'error')}{where}: {remedy}"]

    def _going_wrong(self) -> list[str]:
        """Return what does not work now, or is switched off."""
        auditor = self.auditor
        worries = [
            f"the books do not balance: {name} {off:+d}" for name, off in auditor.imbalances.items() if off
        ]
        worries += auditor.clocks.doubts
        worries += [_silent(watchdog) for watchdog in auditor.heard if watchdog.missing_since]
        worries += [
            f"{_ORDERED[name][0]} until {clock(switch.until)}: `{_ORDERED[name][1]}` lifts it"
            for name, switch in auditor.ordered.items()
        ]
        if self.heartbeat is not None and self.heartbeat.trouble:
            worries.append(f"our own heartbeat does not arrive: {self.heartbeat.trouble}")
        worries += [*self.memory.worries(), *self.machine.worries()]
        return [*worries, *auditor.late(OVERDUE)]

    def _undelivered(self) -> list[str]:
        """Say what could not be told, with the command that shows each of it and why."""
        auditor, worries = self.auditor, list[str]()
        if auditor.unheard:
            worries.append(
                f"nobody could be told of alerts in {counted(auditor.unheard, 'incident')}:"
                " `gateway incidents` says of which, `gateway incidents ID` why"
            )
        if auditor.undeliverable:
            worries.append(
                f"{counted(auditor.undeliverable, 'alert')} could not be told at a destination:"
                " `gateway incidents` says of which, `gateway incidents ID` why"
            )
        if auditor.ends_undeliverable:
            worries.append(
                f"{counted(auditor.ends_undeliverable, 'end')} could not be told:"
                " `gateway dead-letters` says why"
            )
        return [
            *worries,
            *(f"deliveries to {name} fail: GatewayDeliveryFailing says why" for name in auditor.failing),
            *(
                f"{name} did not pass its check: `gateway doctor` says why"
                for name in self.destinations.failed()
            ),
        ]


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

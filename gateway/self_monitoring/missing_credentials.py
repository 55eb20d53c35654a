"""Know which destinations have no credential now, and what that means for the people behind them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.config.secrets import EnvironmentSecrets
from gateway.model.durations import MINUTE
from gateway.model.rules.rulebook import Rulebook
from gateway.outbound.credentials import kinds_with_credential, missing_credentials

PATIENCE_MS = 2 * MINUTE  # a file that is away for less is only being written anew


class Missing(NamedTuple):
    """The destinations without a credential, each with the name of the secret that it misses.

    `log_only` tell the log in place of people, since nobody has set their vendor up; `failing` tell nobody.
    """

    log_only: dict[str, str]
    failing: dict[str, str]


@dataclass(slots=True)
class MissingCredentials:
    """The destinations of the rules in force without their credential.

    `rules` returns these rules. `credentialed` holds the kinds that ever had a credential, as the store says.
    """

    rules: Callable[[], Rulebook]
    secrets: EnvironmentSecrets
    credentialed: frozenset[str] = frozenset()
    _since: dict[str, int] = field(default_factory=dict)  # ms, when a look first found it missing

    def found(self) -> Missing:
        destinations = self.rules().destinations
        missing = missing_credentials(destinations, self.secrets.secret)
        had = self.credentialed | self._used_here()
        failing = {name: secret for name, secret in missing.items() if destinations[name].kind in had}
        return Missing({name: missing[name] for name in missing.keys() - failing.keys()}, failing)

    def failing_for_long(self, now: int) -> dict[str, str]:
        """Return the failing destinations of which people have to hear, each with why in a sentence."""
        failing, used = self.found().failing, self._used_here()
        self._since = {name: self._since.get(name, now) for name in failing}
        return {
            name: self.secrets.why_missing(secret, self.rules().destinations[name].kind)
            for name, secret in failing.items()
            # What is not configured here, though its vendor is, does not come back by itself.
            if (self.rules().destinations[name].kind in used and not self.secrets.configured(secret))
            # Nor does what rules may not have.
            or self.secrets.refused(secret, self.rules().destinations[name].kind)
            # A file may be away for a moment. A replica that knows of the vendor from the store alone may be
            # about to be replaced by one that has the credential.
            or now - self._since[name] > PATIENCE_MS
        }

    def _used_here(self) -> frozenset[str]:
        return kinds_with_credential(
            self.rules().destinations.values(), self.secrets.configured, self.secrets.refused
        )

"""Count how much a silence would hide, before somebody makes it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from gateway.model.alert import Alert
from gateway.model.controls import Silence
from gateway.model.durations import DAY
from gateway.model.matchers import Matcher, parse_matchers
from gateway.model.rules.silence_policy import SilencePolicy
from gateway.model.severity import Severity

PREVIEW_LOOKBACK = 7 * DAY


@dataclass(slots=True)
class SilencePreview:
    """How much a silence would hide.

    It counts the alerts that fire (`firing…`), and the episodes of the last 7 days (`recent…`), those that
    fire included. `names` counts what would be hidden, by alert name. `looked_at` counts what
    was compared with the silence; `whole` says whether that was everything.
    """

    silence: Silence
    now: int
    firing: int = 0
    firing_hidden: int = 0
    critical_firing: int = 0
    recent: int = 0
    recent_hidden: int = 0
    critical: int = 0
    names: Counter[str] = field(default_factory=Counter)
    looked_at: int = 0
    whole: bool = True
    _matchers: tuple[Matcher, ...] = ()
    _labels: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._matchers = tuple(parsed for text in self.silence.matchers for parsed in parse_matchers(text))

    def hides(self, episode: Alert) -> bool:
        return all(matcher.matches(episode.labels) for matcher in self._matchers)

    def add(self, episode: Alert, *, hidden: bool) -> None:
        self.looked_at += 1
        # What ended more than a week ago says little about what the silence would hide next.
        if not episode.firing and (
            episode.ended_at is None or episode.ended_at < self.now - PREVIEW_LOOKBACK
        ):
            return
        # A matcher on a label that no alert has is likely misspelt, so the labels that were
        # met are remembered.
        self._labels.update(matcher.name for matcher in self._matchers if matcher.name in episode.labels)
        critical = hidden and episode.severity is Severity.CRITICAL
        self.recent += 1
        self.recent_hidden += hidden
        self.critical += critical
        if episode.firing:
            self.firing += 1
            self.firing_hidden += hidden
            self.critical_firing += critical
        if hidden:
            self.names[episode.name] += 1

    def warnings(self, policy: SilencePolicy) -> list[str]:
        """Return the sentences that its maker has to confirm before the silence is made."""
        found = []
        # A silence over critical alerts may keep the next outage from the people on call.
        if self.critical:
            eyes = "; it does so only after a second person has approved it" if policy.four_eyes else ""
            found.append(
                f"it covers critical alerts: {self.critical_firing} fire, {self.critical} in "
                f"the last 7 days{eyes}"
            )
        # Of what was not looked at nobody knows whether the silence keeps it from people.
        if not self.whole:
            found.append(
                f"only {self.looked_at} alerts and past episodes were looked at, for time or "
                "number: it may hide more"
            )
            return found
        share = self.recent_hidden / self.recent if self.recent else 0
        # A silence over so much is usually a matcher too few.
        if self.recent_hidden > 1 and share > policy.warn_share:
            found.append(
                f"it covers {self.recent_hidden} of the {self.recent} alerts of the last 7 days"
                f" ({share:.0%}; policy.silences.warn_share is {policy.warn_share:.0%})"
            )
        missing = sorted(
            {matcher.name for matcher in self._matchers if not matcher.matches({})} - self._labels
        )
        # A silence that hides nothing is noticed only when the alert pages in the middle of the work it was
        # made for.
        if self.recent and missing:
            found.append(
                f"no alert of the last 7 days has the label {', '.join(missing)}: a slip of the pen?"
            )
        elif self.recent and not self.recent_hidden:
            found.append("it matches nothing that fired in the last 7 days")
        return found

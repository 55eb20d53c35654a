"""Make of one alert as it was sent an observation (labels that count, severity, identity), or say why that
cannot be.

What is missing gets a default wherever an alert can still be told; the table stands in docs/webhooks.md.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gateway.decisions.intake.group import NO_GROUP, Group
from gateway.decisions.intake.label_cap import within_cap
from gateway.decisions.intake.sender_facts import annotations_of, end_reason_of
from gateway.decisions.intake.sent_values import (
    Malformed,
    bounded,
    fires,
    to_ms,
    too_much,
)
from gateway.model.alert import Observation
from gateway.model.copy_key import copy_key
from gateway.model.fingerprint import identity
from gateway.model.rules.rulebook import LabelRules
from gateway.model.rules.source import DEFAULT_SOURCE, Source
from gateway.model.severity import Severity
from gateway.model.texts import all_readable
from gateway.model.verdict import Reason
from gateway.model.webhook import WireAlert

# Label sets that are remembered, about 1.5 kB each: ends and changed annotations come soon after a firing.
# What is sent again as it was is known by its bytes, and not looked up here (`intake/repeats.py`).
MEMO = 5_000
MAX_STRANGE = 20_000  # unknown severity words that are counted
# Characters of a label set and its fingerprint; longer ones are rare and are worked out each time
MEMO_LENGTH = 4096
MAX_WORD = 80  # characters of an unknown severity word that are shown


class _Identity(msgspec.Struct, frozen=True, gc=False):
    """The meaning of a label set under these rules."""

    sent: dict[str, str]
    labels: dict[str, str]
    copy_key: str
    alert_id: str
    cut: int  # how many values are longer than what is kept of them


class Normaliser:
    """The `labels` rules of one rule set, prepared for one source.

    `strange` counts severity words that no rule knows.
    """

    def __init__(self, rules: LabelRules, source: Source = DEFAULT_SOURCE) -> None:
        self._rename = dict(rules.rename)
        self._ignore = rules.ignore
        self._severity = rules.severity
        self.source = source
        self._lateness = source.lateness
        self.strange: dict[str, int] = {}
        self._identities: dict[str, _Identity] = {}

    def normalise(
        self,
        alert: WireAlert,
        group_status: str,
        now: int,
        trace: str = "",
        group: Group = NO_GROUP,
        known_by: bytes = b"",
    ) -> Observation | Malformed:
        """Normalise an alert. `now` (ms) only tells whether an end is over, where no status was sent."""
        identified = self._identify(alert)
        if isinstance(identified, Malformed):
            return identified
        ends_at = to_ms(alert.endsAt)
        firing = fires(alert.status or group_status, ends_at, now)
        if firing is None:
            return Malformed("status", f"{alert.status[:40]!r} is neither firing nor resolved")
        return Observation(
            copy=identified.copy_key,
            alert=identified.alert_id,
            labels=identified.labels,
            annotations=bounded(annotations_of(alert)),
            severity=self._severity_of(identified.labels),
            firing=firing,
            starts_at=to_ms(alert.startsAt),
            ends_at=None if firing else ends_at,
            source_url=alert.generatorURL if alert.generatorURL.startswith(("http://", "https://")) else "",
            trace=trace,
            lateness=self._lateness,
            group=group.name,
            end_reason="" if firing else end_reason_of(alert),
            cut=identified.cut,
            sent_before=firing and group.sent_before,
            # Without a status of its own its bytes do not say whether it fires.
            known_by=known_by if firing and alert.status else b"",
        )

    def severity_said(self, labels: object) -> Severity:
        """Return how bad an alert is that cannot be taken: critical where its labels do not say otherwise."""
        said = labels if isinstance(labels, dict) else {}
        texts = {name: text for name, text in said.items() if isinstance(text, str)}
        if not texts:
            return Severity.CRITICAL  # nobody knows what it was: it may have been the worst
        return self._severity_of(self._renamed(texts))

    def _identify(self, alert: WireAlert) -> _Identity | Malformed:
        """Identify an alert. One that was sent before with other annotations, or as an end, is looked up."""
        known = self._identities.get(alert.fingerprint)
        if known is not None and known.sent == alert.labels:
            return known
        found = self._identified(alert)
        length = len(alert.fingerprint) + sum(map(len, alert.labels.values())) + sum(map(len, alert.labels))
        if isinstance(found, Malformed) or length > MEMO_LENGTH:
            return found
        if len(self._identities) >= MEMO:
            self._identities.clear()
        self._identities[alert.fingerprint] = found
        return found

    def _identified(self, alert: WireAlert) -> _Identity | Malformed:
        problem = too_much(alert.labels)
        if problem is not None:
            return problem
        sent = alert.labels
        if not all(sent.values()):
            # As in Prometheus, an empty label is no label.
            sent = {name: value for name, value in sent.items() if value}
        if not sent:
            return Malformed("labels", "no labels: nothing says what this alert is")
        # Before anything looks at them, so that identity, rules and people see the same. The copy's key is of
        # what was sent: what fires is found by it, whatever it was cut to when it began.
        capped = within_cap(sent)
        counted = self._renamed(capped) if self._rename else capped
        if not self._ignore.isdisjoint(counted):
            counted = {name: value for name, value in counted.items() if name not in self._ignore}
        if not counted:
            return Malformed("labels", "only ignored labels: nothing says what this alert is")
        # Two texts that cannot be shown as they are may look alike; the alert is told apart by what was sent.
        labels = all_readable(counted)
        if not self.source.may_send(labels):
            return self._outside()
        return _Identity(
            alert.labels,
            labels,
            copy_key(self.source.name, alert.fingerprint, sent),
            identity(counted),
            sum(value != sent[name] for name, value in capped.items()),
        )

    def _outside(self) -> Malformed:
        """Say that a source may not send this alert.

        The labels that were sent stay out of the text, so that all such alerts are one entry of the
        quarantine.
        """
        allowed = ", ".join(map(str, self.source.match))
        remedy = "send it with its own source's token, or widen `match`"
        return Malformed(
            "labels",
            f"source {self.source.described} may send {{{allowed}}} only: {remedy}",
            Reason.OUTSIDE_SOURCE,
        )

    def _renamed(self, sent: dict[str, str]) -> dict[str, str]:
        """Rename labels.

        A label that has the new name already wins, then the first old name: the order of sending never
        counts.
        """
        labels = {name: value for name, value in sent.items() if name not in self._rename}
        for old in sorted(self._rename.keys() & sent.keys()):
            labels.setdefault(self._rename[old], sent[old])
        return labels

    def _severity_of(self, labels: Mapping[str, str]) -> Severity:
        word = labels.get(self._severity.label)
        if not word:
            return self._severity.default
        known = self._severity.words.get(word) or self._severity.words.get(word.strip().lower())
        if known is not None:
            return known
        shown = word[:MAX_WORD]
        if shown in self.strange or len(self.strange) < MAX_STRANGE:
            self.strange[shown] = self.strange.get(shown, 0) + 1
        return self._severity.default

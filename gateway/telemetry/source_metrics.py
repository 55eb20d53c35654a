"""Metrics of each source: what it sent, when it was heard last, and how long its events take to arrive."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress

from gateway.model.durations import MINUTE, SECOND
from gateway.model.turned_away import TurnedAwayReason
from gateway.model.verdict import Outcome, Reason, Taken, in_runs
from gateway.telemetry.bounded import OTHER, Bounded
from gateway.telemetry.catalogue import Catalogue

LAG_WINDOW_MS = 10 * MINUTE
AHEAD_WORTH_SAYING_MS = 5 * SECOND  # two machines whose clocks are set by NTP are closer than that
ANSWERS = ("answered", "silent")
MAX_SOURCES = 100
UNKNOWN = "unknown"  # the source of what came without a token
CONCLUSIONS = {Reason.INFERRED: (Outcome.ENDED, Outcome.CHANGED), Reason.FOUND_AT_SOURCE: (Outcome.OPENED,)}


class SourceMetrics:
    """The metrics of sources as this process sees them; `configured` says which sources there are."""

    def __init__(self, catalogue: Catalogue) -> None:
        counter, gauge = catalogue.counter, catalogue.gauge
        self._alerts = counter(
            "gateway_source_alerts", "Alerts that a source sent, by what they were", ["source", "outcome"]
        )
        self._inferred = counter(
            "gateway_source_inferences",
            "What was concluded without a word of the source",
            ["source", "outcome", "reason"],
        )
        self._turned_away = counter(
            "gateway_turned_away",
            "Webhooks and alerts that reach nobody, by source (unknown: no token was shown) and reason",
            ["source", "reason"],
        )
        self._asked = counter(
            "gateway_source_questions",
            "How often a source's peers were asked what fires",
            ["source", "answer"],
        )
        self._heard = gauge(
            "gateway_source_last_seen_timestamp_seconds",
            "When a source was heard last, 0 for never",
            ["source"],
        )
        self._lag = gauge(
            "gateway_source_least_lag_seconds",
            "The least time lately from an event, by the source's clock, to its arrival, by ours. Below 0 the source's"
            " clock is ahead by at least that; a clock that is behind cannot be told from waits on the way",
            ["source"],
        )
        self._forgotten = counter(
            "gateway_forgotten_early",
            "Ended alerts that were forgotten before their time, since the store was filling up",
            ["source"],
        )
        self._lives_forgotten = counter(
            "gateway_lives_forgotten_early",
            "Earlier lives of alerts that were forgotten before their time, since the store was filling up",
            ["source"],
        )
        self._lags: dict[str, Lag] = {}
        self._heard_at: dict[str, int] = {}
        self._bounded = Bounded(MAX_SOURCES)
        for reason in TurnedAwayReason:
            if reason.before_token:
                self._turned_away.labels(UNKNOWN, reason.value)

    def configured(self, sources: Collection[str]) -> None:
        # A source that was removed must not page somebody for ever because nothing is heard of it.
        gone = self._lags.keys() - set(sources)
        for name in gone:
            del self._lags[name], self._heard_at[name]
        for label in {self._bounded(name) for name in gone}:
            if not self._alike(label):
                self._heard.remove(label)
                with suppress(KeyError):  # a source that never sent anything new has no lag
                    self._lag.remove(label)
        for name in sources:
            if name not in self._lags:
                self._lags[name], self._heard_at[name] = Lag(), 0
                self._show_heard(name)
        for label in {self._bounded(name) for name in sources}:
            self._begin(label)

    def _begin(self, label: str) -> None:
        """Begin all series of a source with 0, so that a rate over them begins with the first event."""
        self._forgotten.labels(label)
        self._lives_forgotten.labels(label)
        for outcome in Outcome:
            self._alerts.labels(label, outcome)
        for reason in TurnedAwayReason:
            if not reason.before_token:
                self._turned_away.labels(label, reason.value)
        for answer in ANSWERS:
            self._asked.labels(label, answer)
        for conclusion, outcomes in CONCLUSIONS.items():
            for outcome in outcomes:
                self._inferred.labels(label, outcome, conclusion)

    def _alike(self, label: str) -> list[str]:
        """Return the configured sources that share this value of the label: beyond the bound they are several."""
        if label != OTHER:
            return [label] if label in self._lags else []
        return [name for name in self._lags if self._bounded(name) == OTHER]

    def _show_heard(self, name: str) -> None:
        """Show when the source was heard; of several under one label, the one that was silent for longest."""
        label = self._bounded(name)
        self._heard.labels(label).set(min(self._heard_at[alike] for alike in self._alike(label)) / 1000)

    def _show_lag(self, name: str, lag: int, now: int) -> None:
        """Show the least lag of the source; of several under one label, the least of all."""
        label = self._bounded(name)
        others = [self._lags[alike].lately(now) for alike in self._alike(label)]
        self._lag.labels(label).set(min([lag, *(other for other in others if other is not None)]) / 1000)

    def turned_away(self, source: str, reason: str, times: int) -> None:
        self._turned_away.labels(self._bounded(source) if source else UNKNOWN, reason).inc(times)

    def forgotten(self, source: str, alerts: int) -> None:
        self._forgotten.labels(self._label(source)).inc(alerts)

    def lives_forgotten(self, source: str, lives: int) -> None:
        self._lives_forgotten.labels(self._label(source)).inc(lives)

    def _label(self, source: str) -> str:
        return self._bounded(source) if source in self._lags else UNKNOWN

    def asked(self, source: str, answered: int, silent: int) -> None:
        for answer, count in zip(ANSWERS, (answered, silent), strict=True):
            self._asked.labels(self._bounded(source), answer).inc(count)

    def taken(self, verdicts: Iterable[Taken], now: int) -> None:
        """Count verdicts by source; `now` is in ms. Alerts of our own or of a removed source do not count."""
        sent: dict[tuple[str, Outcome], int] = {}
        newest: dict[str, int] = {}
        for (source, outcome, reason, event_at, inferred), times in in_runs(verdicts):
            if source not in self._lags:
                continue
            if inferred:
                self._inferred.labels(self._bounded(source), outcome, reason).inc(times)
                continue
            sent[source, outcome] = sent.get((source, outcome), 0) + times
            if event_at is not None:
                newest[source] = max(newest.get(source, 0), event_at)
        for (source, outcome), count in sent.items():
            self._alerts.labels(self._bounded(source), outcome).inc(count)
        for source in {source for source, _ in sent}:
            self._heard_at[source] = now
            self._show_heard(source)
        for source, event_at in newest.items():
            self._show_lag(source, self._lags[source].least(now - event_at, now), now)

    def ahead(self, now: int) -> dict[str, int]:
        """Return the sources whose clock is ahead of the store's, with by how much at least (ms)."""
        lately = {name: lag.lately(now) for name, lag in self._lags.items()}
        return {
            name: -least
            for name, least in lately.items()
            if least is not None and least <= -AHEAD_WORTH_SAYING_MS
        }


class Lag:
    """The least lag of the last one or two windows, in ms.

    A minimum over all time would never show that a clock was set right.
    """

    def __init__(self) -> None:
        self._window = -1
        self._before: int | None = None
        self._least: int | None = None

    def least(self, lag: int, now: int) -> int:
        window = now // LAG_WINDOW_MS
        if window != self._window:
            self._before = self._least if window == self._window + 1 else None
            self._window, self._least = window, None
        self._least = lag if self._least is None else min(lag, self._least)
        return self._least if self._before is None else min(self._least, self._before)

    def lately(self, now: int) -> int | None:
        """Return the least lag of this window and the last one, None where neither has any."""
        passed = now // LAG_WINDOW_MS - self._window
        known = [least for least in (self._least, self._before if passed <= 0 else None) if least is not None]
        return min(known) if known and passed <= 1 else None

"""A source of alerts: one Prometheus and Alertmanager installation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.model.durations import MINUTE, SECOND
from gateway.model.matchers import Matcher
from gateway.model.rules.origin import BUILT_IN, Origin, SecretName, described

LEAST_RETRY = 10 * SECOND
PEER_TIMEOUT = 15 * SECOND


@dataclass(frozen=True, slots=True)
class Source:
    """One Prometheus and Alertmanager installation: what it may send, and how it sends.

    `alertmanager` names the secrets that hold its HA peers' addresses. The intervals are those of its route to us; without
    `repeat_interval` nobody knows how long it may be silent, and silence means nothing.
    """

    name: str
    origin: Origin
    match: tuple[Matcher, ...] = ()
    token: SecretName | None = None
    alertmanager: tuple[SecretName, ...] = ()
    receiver: str = ""
    group_interval: int = 5 * MINUTE
    repeat_interval: int | None = None
    stale_after: int | None = None

    @property
    def described(self) -> str:
        return described(self.name, self.origin, "", "")

    def may_send(self, labels: Mapping[str, str]) -> bool:
        return all(matcher.matches(labels) for matcher in self.match)

    @property
    def lateness(self) -> int:
        """How long after the fact a peer may still deliver what it knew: it tries again for max(group_interval, 10 s), and waits
        15 s for each peer before it (app/app.go and cluster.peer-timeout of Alertmanager). Two peers where none are named."""
        return max(self.group_interval, LEAST_RETRY) + (len(self.alertmanager) or 2) * PEER_TIMEOUT

    @property
    def polled(self) -> bool:
        """There is something to find out about it: it can be asked, or its silence means something."""
        return bool(self.alertmanager) or self.silence is not None

    @property
    def silence(self) -> int | None:
        """After how much of it an alert is taken for ended; one lost repeat is forgiven."""
        if self.stale_after is None and self.repeat_interval is not None:
            return 2 * self.repeat_interval + self.group_interval
        return self.stale_after


DEFAULT_SOURCE = Source("default", BUILT_IN)

"""A source of alerts: one Prometheus and Alertmanager installation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.model.durations import MINUTE, SECOND
from gateway.model.matchers import Matcher
from gateway.model.rules.origin import BUILT_IN, Origin, SecretName, described

MIN_RETRY_TIME = 10 * SECOND  # Alertmanager tries a notification for so long at least (notify.MinTimeout)
PEER_TIMEOUT = 15 * SECOND  # Alertmanager's default of --cluster.peer-timeout


@dataclass(frozen=True, slots=True)
class Source:
    """One Prometheus and Alertmanager installation: which alerts it may send, and at what intervals.

    `alertmanager` names the secrets that hold the addresses of its HA peers. The intervals (ms) are those of
    its route to the gateway. Without `repeat_interval` nobody knows how long the source may be silent, so its
    silence means nothing.
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
        """Return how long after the fact (ms) a peer may still deliver an older state.

        A peer tries again for max(group_interval, 10 s), and waits 15 s for each peer before it
        (Alertmanager's app/app.go and its flag --cluster.peer-timeout). Two peers are assumed where none are
        named.
        """
        return max(self.group_interval, MIN_RETRY_TIME) + (len(self.alertmanager) or 2) * PEER_TIMEOUT

    @property
    def polled(self) -> bool:
        """Return whether the source is worth a poll: it has peers to ask, or its silence means something."""
        return bool(self.alertmanager) or self.silence is not None

    @property
    def silence(self) -> int | None:
        """Return the silence (ms) after which an alert counts as ended, None for never.

        One lost repeat is forgiven.
        """
        # One repeat may be lost on the way; a second one that fails to come means that the alert has ended.
        if self.stale_after is None and self.repeat_interval is not None:
            return 2 * self.repeat_interval + self.group_interval
        return self.stale_after


DEFAULT_SOURCE = Source("default", BUILT_IN)

"""What one kind of trouble did: what was lost, doubled or left open, and how late people were told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Late:
    """How late something was, in seconds; None where there was nothing to measure."""

    p50: float | None = None
    p99: float | None = None
    longest: float | None = None

    @classmethod
    def among(cls, seconds: Sequence[float]) -> Late:
        if not seconds:
            return cls()
        ordered = sorted(seconds)
        last = len(ordered) - 1
        return cls(ordered[last // 2], ordered[min(last, round(last * 0.99))], ordered[-1])


@dataclass(frozen=True)
class Goals:
    """The longest that each may take, in seconds; None where the trouble is the vendor's own absence."""

    page: float | None = 5.0
    message: float | None = None
    webhook: float | None = None


@dataclass(frozen=True)
class Figures:
    """`page` and `message` are measured from the webhook's 200 to the receipt of PagerDuty and of Slack, and from the
    moment when the vendor is well again where it was away meanwhile. `webhook` is the time from an alert's first try to
    its 200.
    """

    alerts: int
    lost: int
    doubled: int
    owed: int
    residue: int
    page: Late = field(default_factory=Late)
    message: Late = field(default_factory=Late)
    webhook: float = 0.0
    unanswered: int = 0  # of the probes, where some were made

    def missed(self, goals: Goals) -> list[str]:
        """Return what these figures miss, in words; nothing where every goal is held."""
        counted = {
            "lost": self.lost,
            "doubled": self.doubled,
            "ends owed": self.owed,
            "residue": self.residue,
            "probes unanswered": self.unanswered,
        }
        timed = {
            "page": (self.page.longest, goals.page),
            "Slack": (self.message.longest, goals.message),
            "webhook": (self.webhook, goals.webhook),
        }
        return [
            *(f"{number} {what}" for what, number in counted.items() if number),
            *(
                f"{what} after {seconds:.1f} s, goal {goal:g} s"
                for what, (seconds, goal) in timed.items()
                if goal is not None and seconds is not None and seconds > goal
            ),
        ]

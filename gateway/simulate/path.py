"""Say what each step of the path made of a webhook, in one sentence a step: the `path` of `gateway explain
--json`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gateway.decisions.notification.resolve import Plan
from gateway.decisions.notification.view import View
from gateway.intake.parse_webhook import Parsed
from gateway.model.counted import counted
from gateway.model.verdict import Taken


@dataclass(frozen=True, slots=True)
class PathStep:
    """One step of the path, as `gateway/__init__.py` names it, and what it found."""

    step: str
    found: str


def path_of(
    parsed: Parsed, verdicts: Sequence[Taken], plans: Mapping[str, Plan], now: int
) -> tuple[PathStep, ...]:
    """Say what every step made of one webhook.

    `plans` are by incident; nothing is delivered by an explanation.
    """
    views = [view for plan in plans.values() for view in plan.views.values()]
    members = [member for view in views for member in view.members]
    looks = [plan.look_at for plan in plans.values() if plan.look_at is not None]
    suppressed = Counter(
        member.suppressed_by.reason.value for member in members if member.suppressed_by is not None
    )
    return (
        PathStep(
            "receive",
            f"{counted(len(parsed.seen) + len(parsed.quarantined), 'alert')} from source {parsed.source}",
        ),
        PathStep(
            "normalise",
            f"{counted(len(parsed.seen), 'observation')}, {len(parsed.quarantined)} in quarantine",
        ),
        PathStep("deduplicate", _listed(Counter(verdict.outcome.value for verdict in verdicts))),
        PathStep("correlate", counted(len(plans), "incident")),
        PathStep("route", f"to {', '.join(sorted({view.target for view in views})) or 'nobody'}"),
        PathStep("suppress", _listed(suppressed)),
        PathStep("seat", _each(f"{view.target} sees {len(view.members)}" for view in views)),
        PathStep("conclude", _each(_concluded(view, now) for view in views)),
        PathStep(
            "resolve",
            f"looked at again in {_seconds(min(looks), now)}" if looks else "nothing changes by time alone",
        ),
        PathStep("deliver", "nothing: this is an explanation"),
    )


def _concluded(view: View, now: int) -> str:
    wait = f" in {_seconds(view.due, now)}" if view.due is not None else ""
    return f"{view.target}: {view.reason.value}{wait}"


def _seconds(at: int, now: int) -> str:
    return f"{max(0, at - now) / 1000:g} s"


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "nothing"


def _each(sentences: Iterable[str]) -> str:
    return "; ".join(sentences) or "nothing"

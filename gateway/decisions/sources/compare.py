"""Compare: what we hold of a source with what its peers say now, or with its silence; what has to be put right.

An end that a mute at the source swallowed is never sent (Alertmanager's pipeline ends where a stage mutes everything), and a
first firing whose delivery failed may never come again. So the source is asked, and what it says goes through intake like a
webhook. Nothing is concluded from a peer that just started or lost much at once, and never much in one look: a wiped Alertmanager
clears nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from gateway.model.alert import Observation
from gateway.model.durations import MINUTE, SECOND
from gateway.model.rules.source import Source
from gateway.model.source_peers import Active, HeldCopy, PeerReport, SourceState

EVERY = MINUTE  # between two looks at a source with peers
TWICE = 30 * SECOND  # the least between two looks that must agree
YOUNG = 15 * MINUTE  # a peer knows everything again by then: Prometheus sends what fires every minute or so
LEAST_SIZE = 10  # fewer alerts than this may go all at once
LEAST_ENDS = 5
SHARE_OF_ENDS = 10
UNANSWERED = 10 * MINUTE


@dataclass(slots=True)
class Findings:
    """`observations` go through intake. `notes`: by copy, by what its alert is quieted at the source now. `doubt`: why nothing
    is concluded from the source's silence, empty where something may be."""

    source_state: SourceState
    look_at: int
    observations: list[Observation] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    doubt: str = ""


def listen(source: Source, held: Mapping[str, HeldCopy], before: SourceState, now: int) -> Findings:
    """For a source that nobody can ask: its silence alone decides."""
    assert source.silence is not None
    source_state = SourceState(quieted={name: by for name, by in before.quieted.items() if name in held})
    stale = {name: one for name, one in held.items() if now - one.heard_at >= source.silence}
    due = [one.heard_at + source.silence for name, one in held.items() if name not in stale]
    found = Findings(source_state, max(now + EVERY, min(due, default=now + source.silence)))
    if len(stale) > most_ends(len(held)):
        found.doubt = f"{len(stale)} of {len(held)} alerts have gone without a word at once"
        found.look_at = now + EVERY
        return found
    for name, one in stale.items():
        because = f"nothing was said of it for {(now - one.heard_at) // MINUTE} minutes"
        found.observations.append(_end(name, one, now, because))
    return found


def compare(
    source: Source, held: Mapping[str, HeldCopy], said: Mapping[str, PeerReport], before: SourceState, asked_at: int
) -> Findings:
    """`said` has the peers that answered, `held` was read after they did; what was heard since they were asked is left alone."""
    if not said:
        return _unanswered(before, asked_at)
    present = _present(said.values())
    known = {name: one for name, one in held.items() if one.copy.said_at < asked_at}
    trusted = any(_knows_everything(source, peer, report, before) for peer, report in said.items())
    absent = [name for name in known if name not in present] if trusted else []
    source_state = SourceState(
        missing={name: before.missing.get(name, asked_at) for name in absent},
        unknown={name: before.unknown.get(name, asked_at) for name, one in present.items() if name not in held and not one.quieted},
        quieted={name: present[name].quieted for name in held if name in present and present[name].quieted},
        sizes={**before.sizes, **{peer: len(report.alerts) for peer, report in said.items()}},
        answered_at=asked_at,
    )  # fmt: skip
    found = Findings(source_state, asked_at + EVERY)
    found.notes = {
        name: source_state.quieted.get(name, "") for name in held if source_state.quieted.get(name) != before.quieted.get(name)
    }
    settled = [name for name in known if name in present and _settles(known[name], present[name], asked_at)]
    lost = [name for name, since in source_state.unknown.items() if asked_at - since >= source.lateness]
    found.observations = [_firing(present[name].seen, asked_at) for name in (*settled, *lost)]
    if len(absent) > most_ends(len(held)):
        found.doubt = f"{len(absent)} of {len(held)} alerts are not there any more at once"
        return found
    over = [name for name in absent if _is_over(known[name], source_state.missing[name], asked_at)]
    found.observations += [_end(name, known[name], asked_at, "no peer has it any more", ends_at=asked_at) for name in over]
    return found


def _unanswered(before: SourceState, asked_at: int) -> Findings:
    found = Findings(msgspec.structs.replace(before, missing={}), asked_at + EVERY)
    if before.answered_at and asked_at - before.answered_at >= UNANSWERED:
        found.doubt = f"no peer has answered for {(asked_at - before.answered_at) // MINUTE} minutes"
    return found


def _present(statements: Iterable[PeerReport]) -> dict[str, Active]:
    """Of all peers together: what one of them does not quiet may come by it."""
    present: dict[str, Active] = {}
    for report in statements:
        for name, one in report.alerts.items():
            if name not in present or present[name].quieted:
                present[name] = one
    return present


def most_ends(held: int) -> int:
    """How many ends may be inferred at once."""
    return max(LEAST_ENDS, held // SHARE_OF_ENDS)


def _knows_everything(source: Source, peer: str, report: PeerReport, before: SourceState) -> bool:
    settled = report.uptime >= min(YOUNG, 2 * source.group_interval)
    size = before.sizes.get(peer, 0)
    return settled and not (size >= LEAST_SIZE and 2 * len(report.alerts) < size)


def _settles(one: HeldCopy, active: Active, now: int) -> bool:
    """It is held as disputed, and fires at the source since the very start that we know."""
    return one.alert.held_until > now and active.seen.starts_at == one.copy.starts_at and not active.quieted


def _is_over(one: HeldCopy, missing_since: int, now: int) -> bool:
    """What is disputed and is not there was a late copy; anything else has to be missing twice."""
    return one.alert.held_until > now or now - missing_since >= TWICE


def _firing(seen: Observation, asked_at: int) -> Observation:
    return msgspec.structs.replace(seen, inferred_at=asked_at, because="it fires at its source")


def _end(name: str, one: HeldCopy, now: int, because: str, *, ends_at: int = 0) -> Observation:
    alert = one.alert
    return Observation(
        copy=name,
        alert=alert.id,
        labels=alert.labels,
        annotations=alert.annotations,
        severity=alert.severity,
        firing=False,
        starts_at=one.copy.starts_at,
        ends_at=ends_at,
        inferred_at=now,
        because=because,
    )

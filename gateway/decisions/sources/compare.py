"""Compare the alerts that we hold of a source with what its peers say now. `infer_from_silence.py` does so
for a source without peers.

The result is what has to be put right here. It goes through intake like a webhook. Two things get lost on the
way from Alertmanager: an end that a mute swallows is never sent (the pipeline ends where a stage mutes
everything), and a first firing whose delivery failed may never come again.

A peer that just started, or that lost much at once, is not believed in what it does not have. Only a few ends
are inferred at a time. So an Alertmanager that lost its data clears no alert here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from gateway.model.alert import Observation
from gateway.model.copy_key import plain_key
from gateway.model.durations import MINUTE, SECOND
from gateway.model.rules.source import Source
from gateway.model.source_peers import Active, HeldCopy, PeerReport, SourceState

POLL_INTERVAL = MINUTE  # between two polls of a source
CONFIRM_MISSING_AFTER = 30 * SECOND  # an alert ends only if two polls at least this far apart miss it
# A peer up this long has heard of every firing alert: Prometheus repeats them each minute or so
SETTLED_UPTIME = 15 * MINUTE
MIN_SIZE_TO_DISTRUST = 10  # a peer that had fewer alerts than this may lose all of them at once
MIN_INFERRED_ENDS = 5
INFERRED_ENDS_DIVISOR = 10  # at most a tenth of the held alerts is ended at once
UNANSWERED_DOUBT_AFTER = 10 * MINUTE


@dataclass(slots=True)
class Comparison:
    """The result of a poll of a source.

    `observations` go through intake. `mute_changes` holds, for each copy where that has changed, what
    silences or mutes its alert at the source now (empty: nothing any more). `doubt` is the sentence that says
    why no end is inferred, empty where ends may be. `look_at` is when to poll again (ms).
    """

    source_state: SourceState
    look_at: int
    observations: list[Observation] = field(default_factory=list)
    mute_changes: dict[str, str] = field(default_factory=dict)
    doubt: str = ""


def compare(
    source: Source,
    held: Mapping[str, HeldCopy],
    reports: Mapping[str, PeerReport],
    before: SourceState,
    asked_at: int,
) -> Comparison:
    """Compare `held`, which was read after the peers answered, with the `reports` of those that did, by peer.

    A copy that was heard of since the peers were asked is left alone: its webhook is newer than their
    answers.
    """
    if not reports:
        return _unanswered(before, asked_at)
    present = _present(reports.values())
    known = {name: copy for name, copy in held.items() if not _said_since(copy, asked_at)}
    trusted = any(_knows_everything(source, peer, report, before) for peer, report in reports.items())
    # Without one peer that is sure to know everything, an alert that is not there may just not be there yet.
    absent = [name for name in known if plain_key(name) not in present] if trusted else []
    source_state = _remember(held, reports, present, absent, before, asked_at)
    comparison = Comparison(source_state, asked_at + POLL_INTERVAL)
    comparison.mute_changes = _mute_changes(held, before, source_state)
    settled = [
        _as_held(name, copy, active.seen)
        for name, copy in known.items()
        if (active := present.get(plain_key(name))) is not None and _settles(copy, active, asked_at)
    ]
    # A webhook that is only late has arrived by now: what is still unknown here was lost, and people hear of
    # it late.
    lost = [
        present[name].seen
        for name, since in source_state.unknown.items()
        if asked_at - since >= source.lateness
    ]
    comparison.observations = [_firing(seen, asked_at) for seen in (*settled, *lost)]
    # So many at once look like a wiped Alertmanager: by an inferred end people would hear that all is well.
    if len(absent) > max_inferred_ends(len(held)):
        comparison.doubt = f"{len(absent)} of {len(held)} alerts are not there any more at once"
        return comparison
    comparison.observations += [
        inferred_end(name, known[name], asked_at, "no peer has it any more", ends_at=asked_at)
        for name in absent
        if _is_over(known[name], source_state.missing[name], asked_at)
    ]
    return comparison


def _mute_changes(held: Iterable[str], before: SourceState, after: SourceState) -> dict[str, str]:
    return {
        name: after.quieted.get(name, "")
        for name in held
        if after.quieted.get(name) != before.quieted.get(name)
    }


def _remember(
    held: Mapping[str, HeldCopy],
    reports: Mapping[str, PeerReport],
    present: Mapping[str, Active],
    absent: Iterable[str],
    before: SourceState,
    asked_at: int,
) -> SourceState:
    # An alert that its source silences or mutes is not opened here: somebody did that there on purpose.
    bears = {plain_key(name) for name in held}
    unknown = [name for name, active in present.items() if name not in bears and not active.quieted]
    return SourceState(
        missing={name: before.missing.get(name, asked_at) for name in absent},
        unknown={name: before.unknown.get(name, asked_at) for name in unknown},
        quieted={
            name: active.quieted
            for name in held
            if (active := present.get(plain_key(name))) is not None and active.quieted
        },
        sizes={**before.sizes, **{peer: len(report.alerts) for peer, report in reports.items()}},
        answered_at=asked_at,
    )


def _unanswered(before: SourceState, asked_at: int) -> Comparison:
    """Return a comparison that infers nothing.

    The absences seen so far are forgotten: two polls in a row must agree.
    """
    comparison = Comparison(msgspec.structs.replace(before, missing={}), asked_at + POLL_INTERVAL)
    # A restart of all peers takes less than this; from then on the ends that are lost would add up unseen.
    if before.answered_at and asked_at - before.answered_at >= UNANSWERED_DOUBT_AFTER:
        comparison.doubt = f"no peer has answered for {(asked_at - before.answered_at) // MINUTE} minutes"
    return comparison


def _present(reports: Iterable[PeerReport]) -> dict[str, Active]:
    """Return the active alerts of all peers by their fingerprint as it was sent.

    A relay between a source and us may change the labels of an alert, never its fingerprint. An alert counts
    as quieted only where every peer that has it quiets it.
    """
    present: dict[str, Active] = {}
    for report in reports:
        for copy, active in report.alerts.items():
            name = plain_key(copy)
            # A silence may not have reached every peer yet; the peer without it would still send a webhook.
            if name not in present or present[name].quieted:
                present[name] = active
    return present


def max_inferred_ends(held: int) -> int:
    """Return how many ends may be inferred at once, of `held` alerts."""
    return max(MIN_INFERRED_ENDS, held // INFERRED_ENDS_DIVISOR)


def _knows_everything(source: Source, peer: str, report: PeerReport, before: SourceState) -> bool:
    """Return whether a peer can be believed in what it does not have.

    It has to be up for long, and must not have lost more than half of its alerts since the last poll.
    """
    settled = report.uptime >= min(SETTLED_UPTIME, 2 * source.group_interval)
    size = before.sizes.get(peer, 0)
    return settled and not (size >= MIN_SIZE_TO_DISTRUST and 2 * len(report.alerts) < size)


def _said_since(held: HeldCopy, asked_at: int) -> bool:
    return held.copy.said_at is not None and held.copy.said_at >= asked_at


def _settles(held: HeldCopy, active: Active, now: int) -> bool:
    """Return whether the peers settle a disputed alert: it does fire there, since the start that we know."""
    return held.alert.is_disputed(now) and active.seen.starts_at == held.copy.starts_at and not active.quieted


def _as_held(name: str, held: HeldCopy, seen: Observation) -> Observation:
    """Return what a peer says of the copy that we hold, whose labels a relay may have changed."""
    return msgspec.structs.replace(seen, copy=name, alert=held.alert.id, labels=held.alert.labels)


def _is_over(held: HeldCopy, missing_since: int, now: int) -> bool:
    """Return whether an alert that no peer has is over.

    A disputed alert is: it was a late copy of a webhook. Any other alert must be missing in two polls, so
    that one answer that came at a bad moment tells nobody of an end.
    """
    return held.alert.is_disputed(now) or now - missing_since >= CONFIRM_MISSING_AFTER


def _firing(seen: Observation, asked_at: int) -> Observation:
    return msgspec.structs.replace(seen, inferred_at=asked_at, because="it fires at its source")


def inferred_end(
    name: str, held: HeldCopy, now: int, because: str, *, ends_at: int | None = None
) -> Observation:
    alert = held.alert
    return Observation(
        copy=name,
        alert=alert.id,
        labels=alert.labels,
        annotations=alert.annotations,
        severity=alert.severity,
        firing=False,
        starts_at=held.copy.starts_at,
        ends_at=ends_at,
        inferred_at=now,
        because=because,
    )

"""Infer the ends of alerts that a source without peers has not repeated for too long."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.decisions.sources.compare import POLL_INTERVAL, Comparison, inferred_end, max_inferred_ends
from gateway.model.durations import MINUTE
from gateway.model.rules.source import Source
from gateway.model.source_peers import HeldCopy, SourceState


def infer_from_silence(
    source: Source, held: Mapping[str, HeldCopy], before: SourceState, now: int
) -> Comparison:
    """Infer ends for a source without peers: an alert not repeated for `source.silence` has ended."""
    assert source.silence is not None
    source_state = SourceState(quieted={name: by for name, by in before.quieted.items() if name in held})
    stale = {name: copy for name, copy in held.items() if now - copy.heard_at >= source.silence}
    due = [copy.heard_at + source.silence for name, copy in held.items() if name not in stale]
    next_look = max(now + POLL_INTERVAL, min(due, default=now + source.silence))
    comparison = Comparison(source_state, next_look)
    # Many alerts going quiet together look like a broken source, not like many repairs: whoever is on call
    # keeps seeing them as firing, and GatewaySourceDoubtful asks for somebody to check the source.
    if len(stale) > max_inferred_ends(len(held)):
        comparison.doubt = f"{len(stale)} of {len(held)} alerts have gone without a word at once"
        comparison.look_at = now + POLL_INTERVAL
        return comparison
    for name, copy in stale.items():
        because = f"nothing was said of it for {(now - copy.heard_at) // MINUTE} minutes"
        comparison.observations.append(inferred_end(name, copy, now, because))
    return comparison

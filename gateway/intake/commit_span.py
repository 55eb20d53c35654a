"""The span of one commit of webhooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from gateway.intake.batch_outcome import BatchOutcome
from gateway.intake.pieces import Piece


def _note_nowhere(outcome: BatchOutcome) -> None:
    del outcome


@contextmanager
def commit_span(what: str, pieces: Sequence[Piece], shard: int) -> Iterator[Callable[[BatchOutcome], None]]:
    """Have a commit belong to the first webhook in it that is in a trace, and link it to the others that are.

    Yield what is told of its outcome. Where none of the webhooks is in a trace there is no span.
    """
    spans = [piece.webhook.span for piece in pieces if piece.webhook.span is not None]
    if not spans:
        yield _note_nowhere
        return
    span = spans[0].child("commit", spans[1:])

    def ended(outcome: BatchOutcome) -> None:
        span.note(what=what, outcome=outcome.value, webhooks=len(pieces), shard=shard)
        if outcome is not BatchOutcome.TAKEN:
            span.fail()

    with span.current():
        try:
            yield ended
        finally:
            span.end()

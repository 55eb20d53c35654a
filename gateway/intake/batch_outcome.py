"""The outcome of committing several webhooks together, told from the error that ended the commit."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from gateway.errors import StateFull, StateUnavailable
from gateway.model.verdict import Taken


class BatchOutcome(StrEnum):
    """The outcome of committing several webhooks together."""

    TAKEN = "taken"
    # The store takes nothing that grows: the ends among them are taken all the same
    STORE_FULL = "store_full"
    STORE_AWAY = "store_away"  # it did not answer in time, or too many wrote to it: the senders come again
    FAULT = "fault"  # a fault of ours over one of them


class Done(NamedTuple):
    """The end of a commit: its outcome, the error for its senders, the verdicts of what it took, in order."""

    outcome: BatchOutcome
    error: BaseException | None
    verdicts: Sequence[Taken]


def outcome_of(error: BaseException | None) -> BatchOutcome:
    match error:
        case None:
            return BatchOutcome.TAKEN
        case StateFull():
            return BatchOutcome.STORE_FULL
        case StateUnavailable():
            return BatchOutcome.STORE_AWAY
        case _:
            return BatchOutcome.FAULT
